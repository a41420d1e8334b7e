"""Arrange a folder of wheels as a package index that a plain file server can serve (PEP 503).

Usage: make_index.py WHEELS INDEX
"""

import re
import shutil
import sys
from pathlib import Path


def main(wheels: Path, index: Path) -> None:
    """Move each wheel into the folder of its project, under the project's normalised name."""
    for wheel in sorted(wheels.glob("*.whl")):
        project = re.sub(r"[-_.]+", "-", wheel.name.partition("-")[0]).lower()
        folder = index / "simple" / project
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(wheel, folder / wheel.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
