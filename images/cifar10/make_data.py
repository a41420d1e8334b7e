"""Make data in the form of CIFAR-10 out of a seed: no photographs, and always the same.

Usage: make_data.py FOLDER

Writes train.bin and test.bin. As in the binary version of CIFAR-10, a record is a byte with the
class and 3072 bytes with an image: 32x32 pixels of red, then of green, then of blue. Each of the
ten classes has a colour and stripes in a direction of its own; every image has them shifted, and
noise on top, so that there is something to learn, and something left to get wrong.
"""

import random
import sys
from pathlib import Path

SIDE = 32
CLASSES = 10
SEED = 20200101
SIZES = {"train.bin": 2000, "test.bin": 400}
NOISE = 144


def record(rng: random.Random, kind: int) -> bytes:
    """One image of class `kind`, with its class before it."""
    across, down = kind % 3 + 1, kind // 3 + 1
    shift = rng.randrange(16)
    pixels = bytearray([kind])
    for channel in range(3):
        colour = 48 + 16 * ((kind >> channel) & 1)
        noise = rng.randbytes(SIDE * SIDE)
        for place, random_byte in enumerate(noise):
            row, column = divmod(place, SIDE)
            stripe = 32 if (row * down + column * across + shift) % 16 < 8 else 0
            pixels.append(colour + stripe + random_byte * NOISE // 256)
    return bytes(pixels)


def records(name: str, count: int) -> bytes:
    """A file of so many records, of all classes equally often and in any order."""
    rng = random.Random(f"{SEED} {name}")
    kinds = [number % CLASSES for number in range(count)]
    rng.shuffle(kinds)
    return b"".join(record(rng, kind) for kind in kinds)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in SIZES.items():
        (folder / name).write_bytes(records(name, count))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
