"""Train the network for a few epochs, and say what each took.

Usage: train.py DATA MODEL [--serve]

DATA is a folder, or an address to fetch the data set from; MODEL is where the weights go. With
--serve it answers questions afterwards, as serve.py does. It trains on the first graphics card that
PyTorch sees, else on the CPU. It prints lines of JSON: which of them, and how old the container was
when training began, for each epoch its seconds, the most memory that the process held in it, and
the loss, then the share of test images that came out right. A profile of one more part of an epoch
follows, between two lines of words.
"""

import cProfile
import io
import json
import pstats
import sys
import time
import urllib.request
from pathlib import Path

import torch
from net import Net, read_records
from torch import nn

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
EPOCHS = 3
BATCH = 4
PROFILED = 200
TOP = 12


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def load(source: str, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """A part of the data set, from a folder or fetched."""
    if "://" not in source:
        return read_records(Path(source, name).read_bytes())
    with urllib.request.urlopen(f"{source}/{name}", timeout=30) as answer:
        return read_records(answer.read())


def container_age_s() -> float:
    """Seconds since process 1 was started."""
    ticks = int(Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / 100


def forget_peak() -> None:
    """Let the kernel count the most memory of this process anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """The most memory that this process held since then."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(one.split()[1]) for one in lines if one.startswith("VmHWM"))


class Training:
    """The tutorial's loop: small batches in a new order each epoch, cross entropy, SGD."""

    def __init__(self, images: torch.Tensor, classes: torch.Tensor) -> None:
        self.net = Net().to(DEVICE)
        self._images, self._classes = images.to(DEVICE), classes.to(DEVICE)
        self._optimizer = torch.optim.SGD(self.net.parameters(), lr=0.001, momentum=0.9)
        self._loss = nn.CrossEntropyLoss()

    def epoch(self, most: int | None = None) -> float:
        """Go through the images once, or through `most` batches; the mean loss."""
        self.net.train()
        batches = torch.randperm(len(self._images)).split(BATCH)[:most]
        total = 0.0
        for batch in batches:
            self._optimizer.zero_grad()
            loss = self._loss(self.net(self._images[batch]), self._classes[batch])
            loss.backward()
            self._optimizer.step()
            total += loss.item()
        return total / len(batches)

    def share_right(self, images: torch.Tensor, classes: torch.Tensor) -> float:
        """Which share of these images it gets right."""
        self.net.eval()
        with torch.inference_mode():
            right = self.net(images.to(DEVICE)).argmax(dim=1) == classes.to(DEVICE)
            return right.float().mean().item()


def profile(training: Training) -> str:
    """The functions that a part of an epoch spends most time in, as a table."""
    profiler = cProfile.Profile()
    profiler.runcall(training.epoch, PROFILED)
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(TOP)
    return text.getvalue().strip()


def main(source: str, model: str) -> None:
    torch.manual_seed(1)
    training = Training(*load(source, "train.bin"))
    say(event="training", device=DEVICE, prepare_s=round(container_age_s(), 3))
    for number in range(1, EPOCHS + 1):
        forget_peak()
        begin = time.perf_counter()
        loss = training.epoch()
        took_s = time.perf_counter() - begin
        say(epoch=number, epoch_s=round(took_s, 3), epoch_peak_bytes=peak_bytes(), loss=loss)
    say(accuracy_pct=round(100 * training.share_right(*load(source, "test.bin")), 2))
    torch.save({name: one.cpu() for name, one in training.net.state_dict().items()}, model)
    print(f"profile of {PROFILED} batches\n{profile(training)}\nend of profile", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
    if "--serve" in sys.argv:
        import serve

        serve.main(sys.argv[2])
