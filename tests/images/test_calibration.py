"""The programs of one file, as bytes and as processes of this machine."""

from __future__ import annotations

import platform
import signal
import struct
import subprocess
import tarfile
from pathlib import Path

import pytest

from bench.images.calibration import NOTHING, PAUSE, program, supports, write_rootfs

ARCHITECTURES = ("x86_64", "aarch64")


@pytest.fixture
def runnable(tmp_path):
    """Makes a program of this machine ready to run."""
    if not supports(platform.machine()):
        pytest.skip(f"no such program for {platform.machine()}")

    def make(name):
        path = tmp_path / name
        path.write_bytes(program(name, platform.machine()))
        path.chmod(0o755)
        return path

    return make


def test_nothing_runs_here_and_exits_at_once_with_zero(runnable):
    done = subprocess.run([runnable(NOTHING)], check=False, capture_output=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_it_needs_neither_a_library_nor_an_environment(runnable):
    done = subprocess.run([runnable(NOTHING), "ignored"], check=False, env={}, timeout=10)
    assert done.returncode == 0


def test_pause_waits_until_it_is_ended_and_takes_no_time_meanwhile(runnable):
    with subprocess.Popen([runnable(PAUSE)]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        spent = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        process.terminate()
        assert process.wait(10) == -signal.SIGTERM
    assert (int(spent[11]), int(spent[12])) == (0, 0), "clock ticks in user and kernel mode"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", [NOTHING, PAUSE])
def test_each_is_an_executable_for_its_architecture(architecture, name):
    data = program(name, architecture)
    magic, bits, order = struct.unpack_from("<4sBB", data)
    kind, machine, _, entry = struct.unpack_from("<HHIQ", data, 16)
    assert (magic, bits, order, kind) == (b"\x7fELF", 2, 1, 2)
    assert machine == {"x86_64": 62, "aarch64": 183}[architecture]
    load_type, flags, offset, address, _, size, memory, _ = struct.unpack_from(
        "<IIQQQQQQ", data, 64
    )
    assert (load_type, flags, offset) == (1, 5, 0), "one segment, readable and executable"
    assert size == memory == len(data)
    assert address <= entry < address + len(data)
    assert entry % 4 == 0, "aarch64 takes instructions at words only"


def test_other_architectures_have_none():
    assert all(supports(one) for one in ARCHITECTURES)
    assert not supports("riscv64")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", [NOTHING, PAUSE])
def test_the_root_file_system_holds_that_program_alone(tmp_path, architecture, name):
    write_rootfs(tmp_path / "rootfs.tar", architecture, name)
    with tarfile.open(tmp_path / "rootfs.tar") as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.mode) == (name, 0o755)
        file = tar.extractfile(member)
        assert file is not None
        assert file.read() == program(name, architecture)
