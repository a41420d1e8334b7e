"""What home-made bases take from the host: its package sources, its certificates, its patience."""

from __future__ import annotations

import io
import shutil
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, cast

import pytest

from bench.core.errors import HostError, PullError
from bench.images.bases import rootfs as base_rootfs
from bench.images.bases.catalogue import RECIPES
from bench.images.bases.hub import pull_patiently
from bench.images.bases.rootfs import ca_bundle, make_rootfs
from bench.runtimes.images import PullLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.runtimes.protocol import ContainerEngine

DEBIAN = """\
Types: deb
# a comment
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main
"""


def _apt(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        stem, _, kind = name.rpartition("_")
        (folder / "sources.list.d" / f"{stem}.{kind}").write_text(text)
    return folder


def debian_sources(apt: Path) -> list[Path]:
    """Those for bookworm; what is renamed goes to a folder beside them."""
    renamed = apt / "renamed"
    renamed.mkdir(exist_ok=True)
    return base_rootfs.debian_sources(apt, "bookworm", renamed)


def _names(found: list[Path]) -> list[str]:
    return [path.name for path in found]


def test_the_hosts_own_debian_sources_are_taken(tmp_path):
    apt = _apt(
        tmp_path,
        debian_sources=DEBIAN,
        security_list="deb [arch=amd64] http://archive.example/s bookworm-security main\n",
    )
    assert _names(debian_sources(apt)) == ["debian.sources", "security.list"]


def test_archives_of_others_stay_out(tmp_path):
    apt = _apt(
        tmp_path,
        debian_sources=DEBIAN,
        tools_list="deb https://tools.example/linux bookworm stable\n",
        node_sources=DEBIAN.replace("bookworm bookworm-updates", "nodistro"),
        mixed_sources=f"{DEBIAN}\n{DEBIAN.replace('main', 'contrib')}",
    )
    assert _names(debian_sources(apt)) == ["debian.sources"]


def test_a_disabled_source_is_no_source(tmp_path):
    assert debian_sources(_apt(tmp_path, debian_sources=f"{DEBIAN}Enabled: no\n")) == []


def test_the_mirror_of_a_host_of_another_release_is_asked_for_ours(tmp_path):
    apt = _apt(
        tmp_path,
        debian_sources=DEBIAN.replace("bookworm", "trixie").replace("/debian", "/trixie"),
        security_list="deb [arch=amd64] http://archive.example/s trixie-security main\n",
        tools_list="deb http://tools.example/trixie trixie stable\n",
    )
    found = debian_sources(apt)
    assert {path.name for path in found} == {"debian.sources", "security.list"}
    text = "".join(path.read_text() for path in found)
    assert "http://archive.example/trixie\nSuites: bookworm bookworm-updates\n" in text
    assert "deb [arch=amd64] http://archive.example/s bookworm-security main\n" in text
    assert "Suites: trixie trixie-updates" in (apt / "sources.list.d/debian.sources").read_text()


def test_a_host_of_another_distribution_leaves_the_archive_to_mmdebstrap(tmp_path):
    apt = _apt(tmp_path)
    (apt / "sources.list").write_text("# nothing\ndeb http://archive.example/u noble main\n")
    assert debian_sources(apt) == []


def test_security_alone_is_not_enough_to_make_a_system_of(tmp_path):
    apt = _apt(tmp_path, s_list="deb http://archive.example/s bookworm-security main\n")
    assert debian_sources(apt) == []


def test_certificates_come_from_where_the_variable_points(tmp_path, monkeypatch):
    bundle = tmp_path / "company.pem"
    bundle.write_text("certificates")
    monkeypatch.setenv("BENCH_CA_BUNDLE", str(bundle))
    assert ca_bundle() == bundle


def test_a_bundle_that_is_not_there_is_an_error_that_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CA_BUNDLE", str(tmp_path / "absent.pem"))
    with pytest.raises(HostError, match="correct BENCH_CA_BUNDLE"):
        ca_bundle()


class _Hub:
    """An engine whose pull waits for `release` after `lines` lines."""

    def __init__(self, lines: int, release: threading.Event) -> None:
        self.images = self
        self._lines = lines
        self._release = release

    def pull(self, reference: str) -> Iterator[PullLine]:
        for number in range(self._lines):
            yield PullLine(text=f"{reference} {number}")
        self._release.wait()


@pytest.mark.parametrize("lines", [0, 2])
def test_a_pull_that_falls_silent_is_given_up(lines):
    release = threading.Event()
    try:
        with pytest.raises(PullError, match="no answer"):
            pull_patiently(
                cast("ContainerEngine", _Hub(lines, release)),
                "debian:1",
                first_answer_s=0.01,
                silence_s=0.01,
            )
    finally:
        release.set()


def test_a_pull_that_gets_on_is_waited_for():
    release = threading.Event()
    release.set()
    pull_patiently(cast("ContainerEngine", _Hub(5, release)), "debian:1")


class _Mmdebstrap:
    """One that has ended."""

    def __init__(self, output: str) -> None:
        self.stdout = io.StringIO(output)
        self.returncode = 25


def test_a_mirror_without_the_release_is_named_and_not_the_last_line(monkeypatch, tmp_path):
    output = """I: running apt-get update...
Err:6 http://archive.example/debian trixie Release
E: The repository 'http://archive.example/debian trixie Release' does not have a Release file.
E: apt-get update --error-on=any failed
E: mmdebstrap failed to run
"""
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/mmdebstrap")
    monkeypatch.setattr(base_rootfs, "_contained", lambda *_: nullcontext(_Mmdebstrap(output)))
    monkeypatch.setattr(base_rootfs, "ca_bundle", lambda: tmp_path)
    with pytest.raises(HostError, match="trixie Release' does not have a Release file") as caught:
        make_rootfs(RECIPES["debian:trixie"], tmp_path / "tar", tmp_path, lambda _: None)
    assert "that its package sources have trixie too" in caught.value.remedy


def test_only_a_slim_root_leaves_documentation_out(monkeypatch, tmp_path):
    commands = []

    def contained(command, _scratch):
        commands.append(command)
        done = _Mmdebstrap("")
        done.returncode = 0
        return nullcontext(done)

    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/mmdebstrap")
    monkeypatch.setattr(base_rootfs, "_contained", contained)
    monkeypatch.setattr(base_rootfs, "ca_bundle", lambda: tmp_path)
    for name in ("debian:trixie-slim", "debian:trixie"):
        make_rootfs(RECIPES[name], tmp_path / "tar", tmp_path, lambda _: None)
    slim, full = (" ".join(command) for command in commands)
    assert "path-exclude=/usr/share/man/*" in slim
    assert "path-exclude" not in full
    assert "force-unsafe-io" in full
