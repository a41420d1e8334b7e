"""Train one network configuration, for ever, and answer on a port that it does.

Usage: worker.py

The environment says which and how: MODEL is the configuration, 0 to 3, and `auto` takes it from the
name of the host; OMP_NUM_THREADS bounds its threads; CUDA_VISIBLE_DEVICES is the device that it may
see and trains on, and is only printed where there is none; PORT, 8080 where unset; with DIE_S it
kills itself so many seconds after it is ready, as the kernel would for want of memory. It is ready
when it has trained its first batch, and prints a line of JSON then.
"""

import json
import os
import signal
import time
from pathlib import Path

import torch
from configurations import WIDTHS, configuration
from health import answer
from torch import nn

BATCH = 16
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def network(width: int) -> nn.Module:
    """A small network for images of 32x32 pixels."""
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(8 * width, 10),
    )


class Worker:
    """One configuration with its data, which are random."""

    def __init__(self, model: int) -> None:
        torch.manual_seed(model)
        self._net = network(WIDTHS[model]).to(DEVICE)
        self._images = torch.randn(BATCH, 3, 32, 32).to(DEVICE)
        self._classes = torch.randint(10, (BATCH,)).to(DEVICE)
        self._optimizer = torch.optim.SGD(self._net.parameters(), lr=0.01)
        self._loss = nn.CrossEntropyLoss()

    def step(self) -> None:
        """Train one batch."""
        self._optimizer.zero_grad()
        self._loss(self._net(self._images), self._classes).backward()
        self._optimizer.step()


def memory_bytes() -> int:
    """What this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    # process 1 has no default action for it
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    environ = os.environ
    model = configuration(environ.get("MODEL", "0"), os.uname().nodename)
    worker = Worker(model)
    worker.step()
    answer(int(environ.get("PORT", "8080")))
    said = {
        "event": "ready",
        "model": model,
        "device": environ.get("CUDA_VISIBLE_DEVICES", ""),
        "on": DEVICE,
        "threads": torch.get_num_threads(),
        "worker_bytes": memory_bytes(),
    }
    print(json.dumps(said), flush=True)
    dies_s = time.monotonic() + float(environ.get("DIE_S", "inf"))
    while time.monotonic() < dies_s:
        worker.step()
    if os.getpid() == 1:  # which a SIGKILL from inside does not reach
        os._exit(128 + signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
