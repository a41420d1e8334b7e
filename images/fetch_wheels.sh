#!/bin/sh
# Fetch what the machine-learning images install, into .cache/wheels beside this script, where their
# Dockerfiles copy it from: PyTorch comes as a wheel for the CPU only, and is fetched once instead
# of in each build. What there is stays; it can be run again at any time.
#
# Each folder with a wheels.txt has its packages fetched, for the Python of the bases (3.11). From
# whatever index pip is set up with: PIP_INDEX_URL, PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS name others.
set -eu
here=$(dirname "$(readlink -f "$0")")
wheels=$here/.cache/wheels
python=${PYTHON:-python3}
machine=$(uname -m)

mkdir -p "$wheels"
for list in "$here"/*/wheels.txt; do
    "$python" -m pip download --disable-pip-version-check --quiet --no-deps --only-binary :all: \
        --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none \
        --platform "manylinux_2_28_$machine" --platform "manylinux_2_27_$machine" \
        --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
        --platform "linux_$machine" \
        --dest "$wheels" --requirement "$list"
done

# The wheel for graphics cards asks for gigabytes of libraries that are not fetched, and does not
# start without them.
for torch in "$wheels"/torch-*.whl; do
    if "$python" - "$torch" << 'ASKS_FOR_CARDS'
import re, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
name = next(one for one in wheel.namelist() if one.endswith(".dist-info/METADATA"))
sys.exit(not re.search(rb"^Requires-Dist: (nvidia|cuda)", wheel.read(name), re.MULTILINE))
ASKS_FOR_CARDS
    then
        rm "$torch"
        echo "fetch_wheels.sh: the index gave PyTorch for graphics cards ($(basename "$torch"))." >&2
        echo "Set PIP_INDEX_URL to PyTorch's own index of CPU wheels, and run this again." >&2
        exit 1
    fi
done
echo "$(ls "$wheels" | wc -l) wheels, $(du -sm "$wheels" | cut -f1) MiB in $wheels"
