"""A small Debian as a root file system, made by mmdebstrap out of packages."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.core.errors import HostError
from bench.core.interrupts import postponed
from bench.images.bases.recipe import APT_SETTINGS, CA_BUNDLE, CA_SOURCE, DPKG_SETTINGS
from bench.images.bases.table import RELEASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.images.bases.table import Base

BUNDLE_VARIABLE = "BENCH_CA_BUNDLE"
"""Names a file of certificates to put into the bases instead of the host's own."""

_PACKAGES = "mmdebstrap debian-archive-keyring"
_HOOKS = Path("/usr/share/mmdebstrap/hooks/merged-usr")
_HOSTS = (*RELEASES, "bullseye", "forky")
"""Releases whose package sources are taken, with the name of the release replaced."""

_KEEPS_STARTS_OUT = "#!/bin/sh\nexit 101\n"
"""The content of /usr/sbin/policy-rc.d, so that no package starts its server in a build."""

_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?\S+\s+(?P<suite>\S+)(?P<rest>.*)$")
_KEYRING = re.compile(r"signed-by\s*[=:]\s*(/[^\s\]]+)", re.IGNORECASE)
_STEP = re.compile(r"I: (?!removing|running -).*\.\.\.$")


def make_rootfs(base: Base, tar: Path, scratch: Path, say: Callable[[str], None]) -> None:
    """Write the root file system of `base` to `tar`; `scratch` is an empty folder to work in.

    Raises:
        HostError: a program or the certificates are missing, or no package could be had.
    """
    program = shutil.which("mmdebstrap")
    if program is None:
        raise HostError(
            "base images",
            "Docker Hub cannot be reached, and mmdebstrap is not installed to make them here",
            f"apt-get install --no-install-recommends {_PACKAGES}",
        )
    sources = debian_sources(Path("/etc/apt"), base.suite, scratch)
    options = _options(ca_bundle(), sources, slim=base.slim)
    command = [program, *options, base.suite, str(tar), *map(str, sources)]
    last, first_error = "", ""
    with _contained(command, scratch) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last = line.strip() or last
            if last.startswith("E: "):
                first_error = first_error or last.removeprefix("E: ")
            if _STEP.match(last):
                say(last.removeprefix("I: ").removesuffix("..."))
    if process.returncode != 0:
        raise HostError(
            "mmdebstrap",
            f"ended with status {process.returncode}: {first_error or last}",
            f"check that `apt-get update` works on this host, that its package sources have"
            f" {base.suite} too, and that {_PACKAGES} are installed and up to date",
        )


def ca_bundle() -> Path:
    """The certificates to put into the bases.

    Raises:
        HostError: there is no such file.
    """
    chosen = os.environ.get(BUNDLE_VARIABLE)
    path = Path(chosen or CA_BUNDLE)
    if not path.is_file():
        raise HostError(
            str(path),
            "no such file of certificates",
            f"correct {BUNDLE_VARIABLE}" if chosen else "apt-get install ca-certificates",
        )
    return path.resolve()


def debian_sources(apt: Path, suite: str, folder: Path) -> list[Path]:
    """The sources of Debian's own archive under `apt`, and nothing else, for `suite`.

    Those of another release are copied to `folder` and name `suite` there. Empty where the host
    has none (another distribution): mmdebstrap then takes the archive that it knows by itself.
    """
    parts = apt / "sources.list.d"
    files = [apt / "sources.list", *sorted((*parts.glob("*.list"), *parts.glob("*.sources")))]
    suites = {path: _suites(path) for path in files if path.is_file()}
    for release in dict.fromkeys((suite, *_HOSTS)):
        own = {release, f"{release}-updates", f"{release}-security"}
        chosen = [path for path, named in suites.items() if named and named <= own]
        if any(release in suites[path] for path in chosen):
            return chosen if release == suite else _renamed(chosen, release, suite, folder)
    return []


def _renamed(files: list[Path], release: str, suite: str, folder: Path) -> list[Path]:
    """Copies of sources in which another release is named."""
    copies = []
    for path in files:
        lines = path.read_text().splitlines(keepends=True)
        copy = folder / path.name
        copy.write_text("".join(_with_suite(line, release, suite) for line in lines))
        copies.append(copy)
    return copies


def _with_suite(line: str, release: str, suite: str) -> str:
    entry = _ONE_LINE.match(line)
    if entry:
        start, end = entry.span("suite")
    elif line.lower().startswith("suites:"):
        start, end = len("suites:"), len(line)
    else:
        return line
    return line[:start] + re.sub(rf"\b{release}\b", suite, line[start:end]) + line[end:]


def _suites(path: Path) -> set[str]:
    """The suites that a file of apt sources names; a foreign archive counts as a suite `?`."""
    if path.suffix == ".sources":
        return _deb822_suites(path.read_text())
    named = set()
    for line in path.read_text().splitlines():
        entry = _ONE_LINE.match(line.strip())
        if entry:
            named.add(entry["suite"] if "main" in entry["rest"].split() else "?")
    return named


def _deb822_suites(text: str) -> set[str]:
    named: set[str] = set()
    for stanza in re.split(r"\n\s*\n", text):
        pairs = (
            line.partition(":") for line in stanza.splitlines() if not line.startswith(("#", " "))
        )
        fields = {key.strip().lower(): value.split() for key, _, value in pairs}
        if "suites" not in fields or fields.get("enabled") == ["no"]:
            continue
        named |= set(fields["suites"]) if "main" in fields.get("components", []) else {"?"}
    return named


def _options(bundle: Path, sources: list[Path], *, slim: bool) -> list[str]:
    keyrings = {name for path in sources for name in _KEYRING.findall(path.read_text())}
    uploads = [(str(bundle), CA_BUNDLE), (str(bundle), CA_SOURCE)]
    uploads += [(name, name) for name in sorted(keyrings) if Path(name).is_file()]
    settings = "".join(f"{line}\n" for line in APT_SETTINGS)
    dpkg = (line for line in DPKG_SETTINGS if slim or not line.startswith("path-"))
    return [
        "--variant=minbase",
        "--mode=root",
        "--format=tar",
        # with /bin as a link from the start, a few bytes replace usrmerge and all of Perl
        f"--hook-directory={_HOOKS}",
        "--include=usr-is-merged",
        *(f"--dpkgopt={line}" for line in dpkg),
        *(
            f"--customize-hook={line}"
            for source, target in uploads
            for line in (
                f'mkdir -p "$1"{shlex.quote(str(Path(target).parent))}',
                f"upload {shlex.quote(source)} {shlex.quote(target)}",
                f'chmod 644 "$1"{shlex.quote(target)}',
            )
        ),
        f'--customize-hook=printf %s {shlex.quote(_KEEPS_STARTS_OUT)} > "$1"/usr/sbin/policy-rc.d',
        '--customize-hook=chmod 755 "$1"/usr/sbin/policy-rc.d',
        # only now: mmdebstrap itself needs the archives that these settings drop
        f'--customize-hook=printf %s {shlex.quote(settings)} > "$1"/etc/apt/apt.conf.d/90container',
        # and by these settings its own clean-up no longer finds what apt has written before
        '--customize-hook=rm -f "$1"/var/cache/apt/*.bin',
        # the host's own name and name servers are nobody's business
        '--customize-hook=rm -f "$1"/etc/hostname "$1"/etc/resolv.conf',
    ]


@contextmanager
def _contained(command: list[str], scratch: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that runs while this lasts, of which no process and no mount outlives it.

    mmdebstrap mounts file systems and starts programs that go on without it when it is ended.
    In a process namespace all of them end with the first process, and the mounts with them.
    """
    process: subprocess.Popen[str] | None = None
    try:
        with postponed():  # one that comes within the start would leave a program nobody knows
            process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=os.environ | {"TMPDIR": str(scratch)},
                start_new_session=True,  # Ctrl-C reaches bench alone
            )
        yield process
        process.wait()
    finally:
        if process is not None and process.poll() is None:
            # the kernel lets the first process go only when all others have gone
            unshare = psutil.Process(process.pid)
            for first in unshare.children() or [unshare]:
                first.kill()
            process.wait()
        if process is not None and process.stdout is not None:
            process.stdout.close()
