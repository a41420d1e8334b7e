"""The disk of a small Debian 13, with a cgroup v2 kernel and what bench's engine tests need.

It is made of packages and wheels alone; bench's source comes on a second disk. What was made is
kept outside the repository and made again only when the recipe has changed.
"""

from __future__ import annotations

import hashlib
import inspect
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from bench.images.bases.rootfs import debian_sources
from bench.images.bases.table import SUITE as HOST_SUITE
from tests.programs import need

ROOT = Path(__file__).parents[2]
CACHE = Path.home() / ".cache" / "container-bench" / "vm"

SUITE = "trixie"
_PACKAGES = (
    "linux-image-cloud-amd64", "initramfs-tools", "systemd-sysv", "udev", "kmod", "dbus",
    "docker.io", "docker-registry", "pigz", "iproute2", "iptables", "nftables",
    "podman", "crun", "netavark", "aardvark-dns",
    "busybox-static", "ca-certificates", "python3",
)  # fmt: skip
_PYTHON = "3.13"
_WHEELS = (
    *(f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 24, 17)),
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
)
_SIZE = "8G"
"""Room for the packages and for the engines' stores; the file holds only what is written."""

_UNIT = """\
[Unit]
Description=What the second disk asks for, and then the end
RequiresMountsFor=/jobs
After=docker.socket systemd-networkd.service
SuccessAction=poweroff
FailureAction=poweroff

[Service]
Type=oneshot
TimeoutStartSec=infinity
WorkingDirectory=/jobs/source
Environment=PYTHONPATH=/jobs/source:/opt/python
ExecStart=/usr/bin/python3 -m tests.vm.guest
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
"""
_NETWORK = """\
[Match]
Name=en* eth*

[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
"""
_FILES = {
    "etc/hostname": "bench-vm\n",
    "etc/fstab": "/dev/vda / ext4 defaults 0 0\nLABEL=jobs /jobs ext4 defaults 0 0\n",
    "etc/resolv.conf": "",
    "etc/systemd/system/bench-vm.service": _UNIT,
    "etc/systemd/network/10-user.network": _NETWORK,
}
_WANTED_UNITS = ("bench-vm.service", "systemd-networkd.service")
_UNWANTED_UNITS = (
    # the distribution's own engines start when somebody speaks to their sockets
    "docker.service", "containerd.service", "docker-registry.service", "podman.service",
    "podman-auto-update.timer", "podman-restart.service",
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "systemd-networkd-wait-online.service",
)  # fmt: skip


@dataclass(frozen=True)
class VmImage:
    """A disk to start from, with the kernel and the first file system that go with it."""

    disk: Path
    kernel: Path
    initrd: Path


def prepare() -> VmImage:
    """The image, made where it is not there yet: some minutes, and 1.2 GB."""
    folder = CACHE / _recipe()
    image = VmImage(folder / "disk.img", folder / "vmlinuz", folder / "initrd.img")
    if not folder.exists():
        need(mmdebstrap="mmdebstrap", mke2fs="e2fsprogs", unshare="util-linux")
        for older in CACHE.glob("*"):
            shutil.rmtree(older)
        scratch = CACHE / "unfinished"
        scratch.mkdir(parents=True)
        _make(scratch)
        scratch.rename(folder)
    return image


def _recipe() -> str:
    """A short hash of all that the image is made of, as far as it is ours to say."""
    parts = (inspect.getsource(sys.modules[__name__]), _constraints().read_text(), *_wanted())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _constraints() -> Path:
    return ROOT / "constraints.txt"


def _wanted() -> list[str]:
    """What bench and its engine tests import."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], "pytest", "hypothesis"]


def _make(folder: Path) -> None:
    tree = folder / "tree"
    sources = _sources(folder)
    _run(
        # in a process namespace nothing that it started outlives it, mounts included
        "unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child",
        "mmdebstrap", "--variant=apt", "--mode=root", "--format=directory",
        f"--include={','.join(_PACKAGES)}",
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude=/usr/share/{one}/*" for one in ("doc", "man", "locale")),
        SUITE, str(tree), *map(str, sources),
    )  # fmt: skip
    for one in sources:
        one.unlink()
    _run(
        sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tree / "opt/python"),
        "--python-version", _PYTHON, "--implementation", "cp", "--only-binary", ":all:",
        *(argument for one in _WHEELS for argument in ("--platform", one)),
        "--constraint", str(_constraints()), *_wanted(),
    )  # fmt: skip
    for name, text in _FILES.items():
        path = tree / name
        path.unlink(missing_ok=True)
        path.write_text(text)
    (tree / "jobs").mkdir()
    systemctl = ("systemctl", "--quiet", "--root", str(tree))
    _run(*systemctl, "enable", *_WANTED_UNITS)
    _run(*systemctl, "disable", *(one for one in _UNWANTED_UNITS if _has_unit(tree, one)))
    shutil.copy(next((tree / "boot").glob("vmlinuz-*")), folder / "vmlinuz")
    shutil.copy(next((tree / "boot").glob("initrd.img-*")), folder / "initrd.img")
    _run("mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(folder / "disk.img"), _SIZE)
    shutil.rmtree(tree)


def _has_unit(tree: Path, name: str) -> bool:
    return (tree / "usr/lib/systemd/system" / name).exists()


def _sources(folder: Path) -> list[Path]:
    """The archives that this host takes its packages from, for the other suite.

    Empty where it names none of Debian's: mmdebstrap then takes those that it knows by itself.
    """
    sources = []
    for path in debian_sources(Path("/etc/apt"), HOST_SUITE, folder):
        source = folder / path.name
        source.write_text(path.read_text().replace(HOST_SUITE, SUITE))
        sources.append(source)
    return sources


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:8])} … failed:\n{done.stderr[-3000:]}")
