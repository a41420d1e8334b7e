"""Makes ready on the bare host what the Dockerfiles put into the images: packages, and the model.

    python3 prepare_host.py REQUIREMENTS FOLDER

The folder has a virtual environment `venv` and `model.npz` afterwards. What was made for the same
requirements, scripts and interpreter is left as it is, so that a second run takes a moment.
"""

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(requirements: Path, folder: Path) -> None:
    """Make what is missing in `folder`."""
    sources = (requirements, HERE / "model.py", HERE / "train.py")
    wanted = hashlib.sha256(sys.version.encode())
    for one in sources:
        wanted.update(one.read_bytes())
    stamp = folder / "made-of"
    if stamp.exists() and stamp.read_text() == wanted.hexdigest():
        return
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--compile", "--requirement"]
    subprocess.run([*install, requirements], check=True)
    subprocess.run([python, HERE / "train.py", folder / "model.npz"], check=True)
    stamp.write_text(wanted.hexdigest())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
