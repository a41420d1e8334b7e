"""The program that does nothing, as bytes and as a process of this machine."""

from __future__ import annotations

import platform
import struct
import subprocess
import tarfile

import pytest

from bench.image.calibration import exit_program, supports, write_rootfs

ARCHITECTURES = ("x86_64", "aarch64")


@pytest.fixture
def program(tmp_path):
    """The program of this machine, ready to run."""
    if not supports(platform.machine()):
        pytest.skip(f"no such program for {platform.machine()}")
    path = tmp_path / "nothing"
    path.write_bytes(exit_program(platform.machine()))
    path.chmod(0o755)
    return path


def test_it_runs_here_and_exits_at_once_with_zero(program):
    done = subprocess.run([program], check=False, capture_output=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_it_needs_neither_a_library_nor_an_environment(program):
    done = subprocess.run([program, "ignored"], check=False, env={}, timeout=10)
    assert done.returncode == 0


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_is_an_executable_for_its_architecture(architecture):
    data = exit_program(architecture)
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
def test_the_root_file_system_holds_that_program_alone(tmp_path, architecture):
    write_rootfs(tmp_path / "rootfs.tar", architecture)
    with tarfile.open(tmp_path / "rootfs.tar") as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.mode) == ("nothing", 0o755)
        file = tar.extractfile(member)
        assert file is not None
        assert file.read() == exit_program(architecture)
