"""A small multilayer perceptron in numpy: read from a file, and asked for rows of features."""

from pathlib import Path

import numpy as np

FEATURES = 64


class Model:
    """Three layers of weights, in single precision."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as stored:
            self._layers = [
                (stored[f"weights{number}"], stored[f"biases{number}"]) for number in range(3)
            ]

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """One number for each row of FEATURES numbers."""
        values = rows
        for weights, biases in self._layers[:-1]:
            values = np.maximum(values @ weights + biases, 0)
        weights, biases = self._layers[-1]
        return (values @ weights + biases)[:, 0]
