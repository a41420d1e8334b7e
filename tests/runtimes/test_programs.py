"""A newer engine than the host's: when it is wanted, and that it is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.core.errors import HostError
from bench.runtimes.managed import programs
from bench.runtimes.managed.daemons import Paths, Settings, own_daemons

GOOD = "#!/bin/sh\nexit 0\n"
NAMES = ("dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy", "docker-init")


@pytest.fixture
def paths(tmp_path):
    paths = Paths(tmp_path / "state", tmp_path / "run")
    paths.make()
    return paths


@pytest.fixture
def packages(monkeypatch):
    """Text of each program in the packages, in the place of what would be downloaded."""
    texts = dict.fromkeys((*NAMES, "docker-buildx"), GOOD)

    def unpack(scratch: Path, *_: object) -> None:
        for name, text in texts.items():
            file = scratch / "root" / "usr" / "bin" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755)

    monkeypatch.setattr(programs, "_download", unpack)
    monkeypatch.setattr("shutil.which", lambda name, path=None: f"/usr/bin/{name}")
    return texts


def fetch(paths: Paths) -> None:
    programs.fetch_programs(paths, [Path("debian.sources")], lambda _: None)


@pytest.mark.parametrize(
    ("version", "wanted"),
    [("20.10.24+dfsg1", True), ("22.6", True), ("23.0.1", False), ("28.5.2", False)],
)
def test_only_an_engine_before_buildkit_was_its_builder_is_too_old(
    paths, tmp_path, monkeypatch, version, wanted
):
    dockerd = tmp_path / "dockerd"
    dockerd.write_text(f"#!/bin/sh\necho Docker version {version}, build 411e817\n")
    dockerd.chmod(0o755)
    monkeypatch.setattr(programs, "SEARCH_PATH", str(tmp_path))
    assert programs.wants_newer(paths) is wanted


def test_a_host_without_an_engine_of_its_own_wants_none_in_its_place(paths, tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "SEARCH_PATH", str(tmp_path))
    assert not programs.wants_newer(paths)


def test_what_was_fetched_is_what_the_daemons_are_started_from(paths, packages):
    fetch(paths)
    assert sorted(one.name for one in paths.programs.iterdir()) == sorted(packages)
    daemons = {one.name: one for one, _ in own_daemons(paths, Settings("10.213.0.0/16", 5591))}
    path = dict(daemons["measuring"].environment)["PATH"]
    assert path.startswith(f"{paths.programs}:")
    assert not programs.wants_newer(paths)


@pytest.mark.parametrize("fault", ["fails", "missing"])
def test_programs_that_do_not_run_here_leave_what_was_there(paths, packages, fault):
    fetch(paths)
    (paths.programs / "mark").touch()
    if fault == "missing":
        del packages["docker-proxy"]
    else:
        packages["containerd"] = "#!/bin/sh\necho version GLIBC_2.99 not found >&2\nexit 1\n"
    with pytest.raises(HostError, match=r"GLIBC_2\.99" if fault == "fails" else "docker-proxy"):
        fetch(paths)
    assert (paths.programs / "mark").exists()
    assert [one.name for one in paths.programs.parent.iterdir()] == ["bin"]


def test_without_debians_sources_there_is_none(paths, packages):
    with pytest.raises(HostError, match="no sources of Debian's") as caught:
        programs.fetch_programs(paths, [], lambda _: None)
    assert "Docker Engine 23" in caught.value.remedy
