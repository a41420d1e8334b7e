"""A batch job: scores rows in batches, says how many it did in a second, and ends."""

import json
import sys
import time
from pathlib import Path

import numpy as np
from model import FEATURES, Model

ROWS = 300_000
BATCH = 1_000


def main(path: Path) -> None:
    """Score ROWS rows with the model at `path`."""
    begun = time.perf_counter()
    model = Model(path)
    loaded = time.perf_counter()
    rows = np.random.default_rng(1).standard_normal((BATCH, FEATURES), np.float32)
    total = 0.0
    for _ in range(ROWS // BATCH):
        total += float(model.predict(rows).sum())
    ended = time.perf_counter()
    said = {
        "load_ms": round((loaded - begun) * 1e3, 3),
        "rows_per_s": round(ROWS / (ended - loaded)),
        "mean": total / ROWS,
    }
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
