"""Turn trained weights into models that need no code of ours: compiled, and for ONNX Runtime.

Usage: export.py MODEL.pt TARGET

TARGET ends in `.ts` (TorchScript) or `.onnx`.
"""

import sys

import torch
from net import Net


def main(weights: str, target: str) -> None:
    net = Net()
    net.load_state_dict(torch.load(weights, weights_only=True))
    net.eval()
    example = torch.zeros(1, 3, 32, 32)
    if target.endswith(".ts"):
        torch.jit.freeze(torch.jit.trace(net, example)).save(target)
    else:
        torch.onnx.export(net, (example,), target, dynamo=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
