"""Ways in which a start fails, on a real engine: whose fault, with which words, and what helps."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from typing import Any

import pytest

from bench.report.failing import failing
from bench.runtimes.protocol import LABEL
from tests.elf import ARM64, elf
from tests.live.conftest import Bench, _static_busybox
from tests.live.engines import PATIENCE

HTTP = {"http": {"port": 8080}}
SERVER = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'
SERVES = "httpd -p 8080 -h /www"


@dataclass(frozen=True)
class Way:
    """One way to fail.

    Attributes:
        case: what is said of it beside the defaults.
        reason: what the reason has in it.
        remedy: what the remedy has in it.
        kind: of the cause; empty where none is named.
    """

    case: dict[str, Any]
    reason: str
    remedy: str
    kind: str = ""


WAYS: dict[str, Way] = {
    # refused by the runtime, though the paths speak of hosts, mounts, devices and networks
    "no-such-path": Way(
        {"command": ["/nope"]}, "there is no /nope in the image", "`command`", "no_program"
    ),
    "no-such-name": Way(
        {"command": ["nope"]}, "no program nope in the image's PATH", "`command`", "no_program"
    ),
    "path-of-a-mount": Way(
        {"command": ["/no space left/mount/device"]},
        "there is no /no space left/mount/device",
        "",
        "no_program",
    ),
    "path-of-a-cgroup": Way(
        {"command": ["/srv/cgroup/network-not-found"]}, "there is no /srv/cgroup", "", "no_program"
    ),
    "path-through-a-file": Way(
        {"command": ["/app/empty/x"]}, "there is no /app/empty/x", "", "no_program"
    ),
    "one-word-with-blanks": Way(
        {"command": ["httpd -f -p 8080"]}, "no program httpd -f", "list of words", "no_program"
    ),
    "relative-path": Way(
        {"command": ["./run"], "working_dir": "/app"}, "there is no /app/run", "", "no_program"
    ),
    "link-to-nothing": Way(
        {"command": ["/app/dangling"]}, "there is no /app/dangling", "", "no_program"
    ),
    "link-to-itself": Way({"command": ["/app/loop"]}, "/app/loop", "", ""),
    "empty-path": Way(
        {"command": ["true"], "environment": {"PATH": "/nowhere"}},
        "PATH (/nowhere)",
        "",
        "no_program",
    ),
    "empty-name": Way({"command": [""]}, "says what to run", "`command`", "no_command"),
    "not-executable": Way(
        {"command": ["/mount/device.sh"]}, "/mount/device.sh", "chmod 755", "not_executable"
    ),
    "folder": Way({"command": ["/mount"]}, "/mount is a folder", "", "not_executable"),
    "not-for-this-user": Way(
        {"command": ["/app/private"], "user": "app"},
        "user app may not execute /app/private (mode 0700)",
        "chmod 755 /app/private",
        "not_executable",
    ),
    "closed-folder": Way(
        {"command": ["/closed/run"], "user": "1000"},
        "user 1000 may not enter /closed",
        "chmod 755 /closed",
        "not_executable",
    ),
    "no-user": Way(
        {"user": "mount device"}, "no user mount device in /etc/passwd", "useradd", "no_user"
    ),
    "no-group": Way({"user": "app:cgroup"}, "no group cgroup in /etc/group", "", "no_user"),
    "number-too-high": Way({"user": "99999999999"}, "above the highest number", "", "no_user"),
    # refused when it is made
    "no-command": Way(
        {"image": "bare", "command": None}, "says what to run", "`command`", "no_command"
    ),
    "file-as-folder": Way(
        {"working_dir": "/app/empty/below"}, "/app/empty is a file", "`working_dir`", "no_folder"
    ),
    # started, says the engine, though the kernel does not run the program
    "crlf": Way({"command": ["/app/crlf.sh"]}, "/app/crlf.sh end in CRLF", "dos2unix", "crlf"),
    "crlf-by-the-shell": Way(
        {"command": ["sh", "/app/set-crlf.sh"]}, "end in CRLF", "dos2unix", "crlf"
    ),
    "no-interpreter": Way(
        {"command": ["/app/server.py"]},
        "begins with `#!/usr/bin/python3`, and there is no /usr/bin/python3",
        "/usr/bin/python3",
        "no_interpreter",
    ),
    "no-interpreter-by-env": Way(
        {"command": ["/app/env.py"]}, "there is no python3 in the image", "", "no_interpreter"
    ),
    "no-loader": Way(
        {"command": ["/app/dynamic"]}, "/lib64/ld-linux-x86-64.so.2", "C library", "no_interpreter"
    ),
    "another-machine": Way(
        {"command": ["/app/arm64"]}, "program for arm64", "linux/amd64", "wrong_machine"
    ),
    "no-format": Way({"command": ["/app/plain"]}, "exec format error", "#!/bin/sh", "wrong_format"),
    "empty-file": Way({"command": ["/app/empty"]}, "it is empty", "", "wrong_format"),
    "byte-order-mark": Way({"command": ["/app/bom.sh"]}, "byte order mark", "", "wrong_format"),
    "cut-off": Way({"command": ["/app/cut"]}, "was cut off", "", "wrong_format"),
    # run by a shell or a starter
    "shell-form-missing": Way(
        {"command": ["sh", "-c", "exec nope --port 1"]}, "no program nope", "", "no_program"
    ),
    "shell-form-not-executable": Way(
        {"command": ["sh", "-c", "/mount/device.sh"]}, "/mount/device.sh", "chmod", "not_executable"
    ),
    "starter": Way(
        {"command": ["env", "MODE=x", "nope"]}, "no program nope", "", "no_program"
    ),
    # ended by itself
    "crash": Way(
        {"command": ["sh", "-c", "echo no space left; exit 3"]}, "code 3", "the full output", ""
    ),
    "signal": Way({"command": ["sh", "-c", "kill -SEGV $$$$"], "init": True}, "code 139", "", ""),
    "into-the-background": Way(
        {"command": ["sh", "-c", SERVES]}, "exited with code 0", "foreground", "ended"
    ),
    "ends-while-observed": Way(
        {"command": ["sh", "-c", f"{SERVES}; sleep 2"], "observe": "20s"},
        "after it was ready",
        "`observe: exit`",
        "ended",
    ),
    # limits and file systems
    "memory": Way(
        {"command": ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]},
        "killed for memory",
        "`limits.memory` (32.0 MiB now)",
        "memory",
    ),
    "workers-killed-for-memory": Way(
        {
            "command": [
                "sh", "-c",
                "while true; do dd if=/dev/zero of=/dev/null bs=200M count=1; sleep 0.2; done",
            ]
        },
        "for memory",
        "`limits.memory` (32.0 MiB now)",
        "memory",
    ),
    "processes": Way(
        {
            "command": ["sh", "-c", "sleep 9 & sleep 9 & sleep 9 & sleep 9 & wait"],
            "limits": {"pids": 3},
        },
        "limit of processes",
        "`limits.pids` (3 now)",
        "processes",
    ),
    "workers-without-processes": Way(
        {
            "command": ["sh", "-c", "while true; do sleep 9 & sleep 9 & sleep 9 & sleep 9; done"],
            "limits": {"pids": 4},
        },
        "limit of processes",
        "`limits.pids` (4 now)",
        "processes",
    ),
    "read-only": Way(
        {"command": ["sh", "-c", "echo 1 > /run.pid"], "read_only": True},
        "`read_only: true` is set",
        "`tmpfs`",
        "read_only",
    ),
    "full-tmpfs": Way(
        {
            "command": ["dd", "if=/dev/zero", "of=/data/x", "bs=1M", "count=5"],
            "tmpfs": ["/data:size=1m"],
        },
        "No space left on device",
        "`tmpfs` at /data",
        "full",
    ),
    "full-tmpfs-while-it-waits": Way(
        {
            "command": ["sh", "-c", "dd if=/dev/zero of=/data/x bs=64k 2>/dev/null; sleep 30"],
            "tmpfs": ["/data:size=1m"],
        },
        "memory at /data is full",
        "`tmpfs` at /data",
        "full",
    ),
    "silent": Way({"command": ["sleep", "60"]}, "not ready within", "ready.timeout", ""),
}  # fmt: skip

ERRORS: dict[str, tuple[dict[str, Any], str]] = {
    "no-such-setting": ({"sysctls": {"net.nope": "1"}}, "/proc/sys/net/nope"),
    "folder-on-a-file": ({"volumes": ["/tmp:/etc/passwd"]}, "/etc/passwd"),
}  # fmt: skip
"""What is neither the image's fault nor that of its command."""


def _root_file_system() -> bytes:
    busybox = _static_busybox().read_bytes()
    applets = ("sh", "httpd", "sleep", "dd", "echo", "true", "env")
    files: dict[str, tuple[bytes, int]] = {
        "bin/busybox": (busybox, 0o755),
        "www/index.html": (b"ok\n", 0o644),
        "etc/passwd": (b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n", 0o644),
        "etc/group": (b"root:x:0:\napp:x:1000:\n", 0o644),
        "mount/device.sh": (b"#!/bin/sh\n", 0o644),
        "app/private": (b"#!/bin/sh\n", 0o700),
        "closed/run": (b"#!/bin/sh\n", 0o755),
        "app/crlf.sh": (b"#!/bin/sh\r\nexec httpd -f -p 8080\r\n", 0o755),
        "app/set-crlf.sh": (b"set -e\r\nhttpd -f -p 8080\r\n", 0o644),
        "app/server.py": (b"#!/usr/bin/python3\nprint(1)\n", 0o755),
        "app/env.py": (b"#!/bin/env python3\nprint(1)\n", 0o755),
        "app/dynamic": (elf(loader="/lib64/ld-linux-x86-64.so.2"), 0o755),
        "app/arm64": (elf(ARM64), 0o755),
        "app/plain": (b"httpd -f -p 8080\n", 0o755),
        "app/empty": (b"", 0o755),
        "app/bom.sh": (b"\xef\xbb\xbf#!/bin/sh\n", 0o755),
        "app/cut": (busybox[:30], 0o755),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("bin", "etc", "www", "tmp", "dev", "app", "mount", "closed"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o700 if name == "closed" else 0o755
            archive.addfile(folder)
        for name, (data, mode) in files.items():
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(data), mode
            archive.addfile(file, io.BytesIO(data))
        links = {f"bin/{one}": "busybox" for one in applets}
        for name, target in (links | {"app/dangling": "/nowhere/x", "app/loop": "loop"}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def images(private, building, tmp_path_factory) -> dict[str, str]:
    """References of the image, and of the same without a command."""
    tar = tmp_path_factory.mktemp("causes") / "rootfs.tar"
    tar.write_bytes(_root_file_system())
    found = {}
    for name, command in (
        ("ways", 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'),
        ("bare", ""),
    ):
        found[name] = f"{private.registry_address()}/bench-test/{name}:latest"
        changes = [command] if command else []
        building.images.import_rootfs(tar, found[name], (*changes, f"LABEL {LABEL}=kept"))
        building.images.push(found[name])
    return found


def _scenario(images: dict[str, str], cases: dict[str, dict[str, Any]]) -> str:
    defaults = {
        "repeat": 1, "cache": "image", "observe": "100ms", "stop_grace_period": "1s",
        "limits": {"memory": "32m", "pids": 50},
        "ready": HTTP | {"timeout": f"{2 * PATIENCE:g}s"},
    }  # fmt: skip
    written = {}
    for name, case in cases.items():
        image = images[case.get("image", "ways")]
        own = {key: value for key, value in case.items() if value is not None}
        own["limits"] = defaults["limits"] | own.get("limits", {})
        written[name] = own | {"image": image}
    rest = {"name": "causes", "defaults": defaults, "cases": written}
    return "version: 1\n" + "\n".join(f"{key}: {json.dumps(one)}" for key, one in rest.items())


@pytest.fixture(scope="module")
def failed(images, chosen, tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("ways"), chosen)
    text = _scenario(images, {name: way.case for name, way in WAYS.items()})
    done = bench("run", bench.scenario(text), "--keep-going", "--progress", "quiet")
    return done, bench.latest()


def test_a_run_of_images_that_cannot_start_is_1(failed):
    done, run = failed
    assert "Traceback" not in done.stderr + done.stdout
    cases = [one for one in run.results if one.key.case in WAYS]
    assert not {one.key.case: one.reason for one in cases if one.status != "failed"}
    assert len(cases) == len(WAYS)
    assert done.returncode == 1, done.stderr


@pytest.mark.parametrize("name", WAYS)
def test_each_way_to_fail_has_its_reason_and_its_remedy(failed, name):
    way, run = WAYS[name], failed[1]
    (trial,) = [one for one in run.results if one.key.case == name]
    (shown,) = [one for one in failing(run) if one.case == name]
    assert trial.status == "failed", trial.reason
    assert way.reason in trial.reason
    assert way.remedy in shown.remedy
    cause = trial.facts.cause
    assert (cause.kind if cause else "") == way.kind or not way.kind


@pytest.mark.parametrize("name", ERRORS)
def test_what_the_engine_or_the_host_refuses_is_an_error_and_3(bench, images, name):
    case, reason = ERRORS[name]
    done = bench(
        "run", bench.scenario(_scenario(images, {"web": case})), "--progress", "quiet",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    (trial,) = [one for one in bench.latest().results if one.key.case == "web"]
    assert trial.status == "error"
    assert reason in trial.reason
