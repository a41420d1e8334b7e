"""Makes the model: a perceptron fitted for a moment to a function that is made up here.

It is a real model in its size, its layers and what it costs to ask, not in what it knows. The seed is
fixed, so that everybody who runs this measures with the same weights, up to rounding.
"""

import sys
from pathlib import Path

import numpy as np
from model import FEATURES

WIDTH = 512
STEPS = 200
ROWS = 256
RATE = 1e-3


def main(path: Path) -> None:
    """Fit it by stochastic gradient descent and write it to `path`."""
    draw = np.random.default_rng(20261125)
    sizes = (FEATURES, WIDTH, WIDTH, 1)
    layers = [
        [
            (draw.standard_normal((before, after)) * np.sqrt(2 / before)).astype(np.float32),
            np.zeros(after, np.float32),
        ]
        for before, after in zip(sizes, sizes[1:], strict=False)
    ]
    for _ in range(STEPS):
        rows = draw.standard_normal((ROWS, FEATURES)).astype(np.float32)
        wanted = np.sin(rows[:, :8]).sum(axis=1, keepdims=True)
        inputs = [rows]
        for number, (weights, biases) in enumerate(layers):
            values = inputs[-1] @ weights + biases
            inputs.append(values if number == len(layers) - 1 else np.maximum(values, 0))
        slope = 2 * (inputs[-1] - wanted) / ROWS
        for number in reversed(range(len(layers))):
            weights, biases = layers[number]
            below = (slope @ weights.T) * (inputs[number] > 0) if number else slope
            weights -= RATE * inputs[number].T @ slope
            biases -= RATE * slope.sum(axis=0)
            slope = below
    named = {}
    for number, (weights, biases) in enumerate(layers):
        named |= {f"weights{number}": weights, f"biases{number}": biases}
    np.savez(path, **named)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
