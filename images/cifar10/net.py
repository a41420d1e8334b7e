"""The network of the well-known CIFAR-10 tutorial, and images as it takes them."""

import torch
from torch import nn

RECORD_BYTES = 1 + 3 * 32 * 32


class Net(nn.Module):
    """Two convolutions and three full layers; about 62,000 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5),
            nn.ReLU(),
            nn.MaxPool2d(2, 2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2, 2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, 10),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))


def read_records(data: bytes) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as numbers from -1 to 1, and their classes, of a file of CIFAR-10 records."""
    table = torch.frombuffer(bytearray(data), dtype=torch.uint8).view(-1, RECORD_BYTES)
    images = table[:, 1:].view(-1, 3, 32, 32).float() / 127.5 - 1
    return images, table[:, 0].long()
