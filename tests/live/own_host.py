"""A host of its own for the private engine, as far as the kernel's namespaces make one.

It has its own networks, rules, sysctls, processes, cgroups, /run, /etc/docker and state folder, so
that the engine can go up and down there while the one of the real host runs, and what it changes
can be compared. The files of the real host are there beside these.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
STRANGER = 65534
"""The uid of a user who is not root: `nobody`."""

_SET_UP = """
set -e
kinds=$(awk '$3 ~ /^cgroup/ {print $2, $3, $4}' /proc/mounts)
mount -t sysfs sysfs /sys
echo "$kinds" | grep -q "^/sys/fs/cgroup cgroup2" || mount -t tmpfs tmpfs /sys/fs/cgroup
echo "$kinds" | while read target kind options; do
  mkdir -p $target
  if [ $kind = cgroup2 ]; then mount -t cgroup2 cgroup2 $target
  else mount -t cgroup -o $(echo $options | sed 's/^r[wo],//; s/relatime,//') cgroup $target; fi
done
mkdir -p /var/lib/container-bench /etc/docker
# those of the real host's engine, which are left alone there
awk '$2 ~ /container-bench/ {print $2}' /proc/mounts | tac | xargs -r -n 1 umount --lazy || true
for folder in /var/lib/container-bench /run /etc/docker; do mount -t tmpfs tmpfs $folder; done
echo 0 >/proc/sys/net/ipv4/ip_forward
ip link set lo up
echo ready
while :; do sleep 60; done  # a shell, which collects processes that have ended
"""
_NAMESPACES = ("--net", "--mount", "--cgroup", "--pid")
_AS_STRANGER = f"""
import contextlib, encodings.idna, json, os, pathlib, socket, urllib.request
os.setgroups([]); os.setgid({STRANGER}); os.setuid({STRANGER})
"""
_OF_ANYBODY = re.compile(r"random|ns_last_pid|\.pty\.|^fs\.|nf_conntrack_count|sched_")


class OwnHost:
    """The host; entered, it stands, and left, it is gone with all that ran on it."""

    def __enter__(self) -> Self:
        self._cgroups = self._make_cgroups()
        self._process = subprocess.Popen(
            ["unshare", *_NAMESPACES, "--fork", "--kill-child", "--mount-proc",
             "--propagation", "private", "sh", "-c", _SET_UP],
            stdout=subprocess.PIPE, text=True, preexec_fn=self._enter_cgroups,  # noqa: PLW1509
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        self._pid = int(children)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        deadline = time.monotonic() + 10
        while left := [one for one in self._cgroups if one.exists()]:
            assert time.monotonic() < deadline, f"{left[0]} holds processes"
            time.sleep(0.05)  # all that ran there is being killed
            for folder in left:
                find = ["find", str(folder), "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]
                subprocess.run(find, check=False, capture_output=True)

    def _make_cgroups(self) -> list[Path]:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        places = [Path(one[1]) for one in mounts if one[2] in ("cgroup", "cgroup2")]
        made = []
        for place in places:
            folder = place / f"own-host-{os.getpid()}"
            folder.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                if (folder / name).exists():
                    (folder / name).write_text((place / name).read_text())
            made.append(folder)
        return made

    def _enter_cgroups(self) -> None:
        for folder in self._cgroups:
            (folder / "cgroup.procs").write_text("0")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command there, as root."""
        inside = ["nsenter", "--target", str(self._pid), *_NAMESPACES, *command]
        return subprocess.run(
            inside, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120,
            env=os.environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))},
        )  # fmt: skip

    def bench(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line there."""
        return self.run(sys.executable, "-m", "bench", *arguments)

    def python(self, code: str, *, stranger: bool = False) -> str:
        """What a piece of Python writes there, run by root or by another user."""
        text = (_AS_STRANGER if stranger else "") + textwrap.dedent(code)
        done = self.run(sys.executable, "-c", text)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def state(self) -> dict[str, list[str]]:
        """The host's rules, sysctls, links, mounts and files, as text to compare."""
        rules = self.run("iptables-save").stdout.splitlines()
        sysctls = self.run("sysctl", "-a").stdout.splitlines()
        paths = "/etc/docker /run /opt /sys/fs/cgroup -path '*own*' -prune -o -print"
        files = self.run("sh", "-c", f"find {paths}").stdout.splitlines()
        return {
            # a table that was looked at stays, empty
            "rules": [one for one in rules if one.startswith("-A")],
            "sysctls": [one for one in sysctls if not _OF_ANYBODY.search(one)],
            "links": self.run("ip", "-o", "link").stdout.splitlines(),
            "namespaces": self.run("ip", "netns").stdout.splitlines(),
            "mounts": self.run("cat", "/proc/mounts").stdout.splitlines(),
            "files": sorted(one for one in files if "/run/container-bench" not in one),
        }
