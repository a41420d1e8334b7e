"""The form of values that go to the engine as they are written: names, addresses, options.

Each function takes a text and raises a ValueError of the form `what is wrong; what to write` where
an engine, or the kernel, would refuse it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from bench.yamldoc.suggest import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_CAPABILITIES = frozenset(
    {
        "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE",
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER",
        "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP",
        "SETUID", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT",
        "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG",
        "WAKE_ALARM",
    }
)  # fmt: skip
"""All of Linux: capabilities(7)."""

_SECURITY_OPTIONS = (
    "apparmor",
    "label",
    "mask",
    "no-new-privileges",
    "proc-opts",
    "seccomp",
    "systempaths",
    "unmask",
    "writable-cgroups",
)
"""Those of Docker and of Podman."""

_ULIMITS = frozenset(
    {
        "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile",
        "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
    }
)  # fmt: skip
"""Resources of getrlimit(2)."""

_IPC_SYSCTLS = frozenset(
    {
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
        "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
    }
)  # fmt: skip

_TMPFS_WORDS = frozenset(
    {
        "defaults", "ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async",
        "dirsync", "remount", "mand", "nomand", "atime", "noatime", "diratime", "nodiratime",
        "relatime", "norelatime", "strictatime", "nostrictatime", "bind", "rbind", "unbindable",
        "runbindable", "private", "rprivate", "shared", "rshared", "slave", "rslave",
        "tmpcopyup", "notmpcopyup",
    }
)  # fmt: skip
_TMPFS_VALUES = {
    "size": r"\d+[kmgtpe]?|\d+%",
    "mode": "[0-7]{1,5}",
    "uid": r"\d+",
    "gid": r"\d+",
    "nr_inodes": r"\d+[kmgtpe]?",
    "nr_blocks": r"\d+[kmgtpe]?",
    "mpol": ".+",
}
"""Options of tmpfs(5) with a value, and the form of each."""

_TMPFS_EXAMPLES = "write such as size=64m, mode=1777 or noexec"

_SYSTEMS = frozenset({"linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "solaris"})
_PROCESSORS = frozenset(
    {
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle",
        "ppc64", "ppc64le", "riscv64", "s390x", "wasm", "x86_64", "aarch64", "armhf", "armel",
        "i386", "x86-64",
    }
)  # fmt: skip
_PLATFORM = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,2}")

_MAC = re.compile(
    r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}",
    re.IGNORECASE,
)
_HOST_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_VOLUME_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_CONTAINER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")
_DEVICE_RULE = re.compile(r"[acb] (?:\d+|\*):(?:\d+|\*) [rwm]{1,3}")

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    r"(?P<name>(?:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d+)?/)?"
    rf"{_PART}(?:/{_PART})*)(?::\w[\w.-]{{0,127}})?(?P<digest>@[a-z0-9+._-]+:[0-9a-fA-F]{{32,}})?",
    re.ASCII,
)
"""A reference, by https://github.com/distribution/reference."""

_LONGEST_IMAGE_NAME = 255
_DIGESTS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Digits that digests have."""


def _meant(word: str, known: AbstractSet[str], otherwise: str) -> str:
    near = nearest(word, known)
    return f"did you mean {near}?" if near else otherwise


def check_image_name(text: str) -> None:
    """Check the reference of an image.

    Raises:
        ValueError: it is none.
    """
    match = _IMAGE.fullmatch(text)
    if match is None:
        raise ValueError(f"{shown(text)} is no name of an image; {_image_advice(text)}")
    if len(match["name"]) > _LONGEST_IMAGE_NAME:
        raise ValueError(
            f"{shown(text)} is no name of an image; the most is {_LONGEST_IMAGE_NAME} characters"
        )
    if re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError(f"{shown(text)} is the id of an image; write its name, such as nginx:1.27")
    algorithm, _, digits = (match["digest"] or "@").removeprefix("@").partition(":")
    wanted = _DIGESTS.get(algorithm)
    if wanted and len(digits) != wanted:
        raise ValueError(
            f"the digest has {len(digits)} digits; {algorithm} has {wanted}: copy all of it"
        )
    if wanted and digits != digits.lower():
        raise ValueError("capitals in a digest; write its digits in small letters")


def _image_advice(text: str) -> str:
    if "://" in text:
        return f"leave {text.partition('://')[0]}:// out"
    if _IMAGE.fullmatch(text.lower()) and "@" not in text:
        return f"write it in small letters: {text.lower()}"
    if "@" in text:
        return "a digest is @sha256: and 64 digits from 0 to f"
    return "write it as nginx:1.27, in small letters"


def check_capability(text: str) -> None:
    """Check a capability, written with or without CAP_, or ALL.

    Raises:
        ValueError: there is none of this name.
    """
    name = text.upper()
    bare = name.removeprefix("CAP_")
    if name != "ALL" and bare not in _CAPABILITIES:
        advice = _meant(bare, _CAPABILITIES, "write one such as NET_ADMIN, or ALL")
        raise ValueError(f"{shown(text)} is no capability; {advice}")


def check_security_option(text: str) -> None:
    """Check a security option.

    Raises:
        ValueError: there is none of this name, or it is in a file.
    """
    name = re.split("[:=]", text)[0]
    if name not in _SECURITY_OPTIONS:
        known = ", ".join(_SECURITY_OPTIONS)
        raise ValueError(f"{shown(text)} is no security option; write one of {known}")
    if re.match("no-new-privileges[:=](?!true$|false$)", text):
        raise ValueError(f"{shown(text)} is neither true nor false; write {name}:true")
    if re.match("seccomp[:=](?!unconfined$|builtin$)", text):
        raise ValueError("profiles of seccomp are not read; write unconfined or builtin")


def check_sysctl_name(name: str, *, host_network: bool = False, host_ipc: bool = False) -> None:
    """Check the name of a kernel parameter that is to be set for a container alone.

    Runtimes set only what has a namespace:
    https://github.com/opencontainers/runc/blob/main/libcontainer/configs/validate/validator.go

    Args:
        name: of the parameter.
        host_network: whether the container is on the network of the host.
        host_ipc: whether it shares the memory of the host.

    Raises:
        ValueError: no container has one, or this one has not.
    """
    dotted = name.replace("/", ".")
    of_network = dotted.startswith("net.")
    of_ipc = dotted in _IPC_SYSCTLS or dotted.startswith("fs.mqueue.")
    if not (of_network or of_ipc or dotted == "kernel.domainname"):
        raise ValueError(
            f"{shown(name)} cannot be set for a container alone; only net.*, fs.mqueue.*, and "
            "kernel.shm*, msg* and sem can"
        )
    for shared, mode in (
        (of_network and host_network, "network_mode"),
        (of_ipc and host_ipc, "ipc"),
    ):
        if shared:
            raise ValueError(f"{shown(name)} is the host's own with `{mode}: host`; leave one out")


def check_ulimit_name(name: str) -> None:
    """Check the name of a resource that processes have a limit of.

    Raises:
        ValueError: there is none.
    """
    if name.lower() not in _ULIMITS:
        advice = _meant(name, _ULIMITS, f"write one of {', '.join(sorted(_ULIMITS))}")
        raise ValueError(f"{shown(name)} is no resource that can be limited; {advice}")


def check_volume_name(name: str) -> None:
    """Check the name of a volume, which becomes part of the engine's name for it.

    Raises:
        ValueError: no engine takes it.
    """
    advice = "use letters, digits, `.`, `_` and `-`, or begin a path with ./"
    _check_form(name, _VOLUME_NAME, "name of a volume", advice)


def check_tmpfs_mount(text: str) -> None:
    """Check the options of a file system in memory, written as PATH or PATH:OPTION,….

    Raises:
        ValueError: an option that there is not, or a value that it does not take.
    """
    _, _, options = text.partition(":")
    for option in options.split(","):
        name, equals, value = option.partition("=")
        form = _TMPFS_VALUES.get(name)
        if not option or (not equals and name in _TMPFS_WORDS):
            continue
        if not equals or form is None:
            advice = _meant(name, _TMPFS_WORDS | _TMPFS_VALUES.keys(), _TMPFS_EXAMPLES)
            raise ValueError(f"{shown(option)} is no option of a tmpfs; {advice}")
        if not re.fullmatch(form, value, re.IGNORECASE):
            raise ValueError(f"{shown(option)} is no option of a tmpfs; {_TMPFS_EXAMPLES}")


def check_platform(text: str) -> None:
    """Check a platform: SYSTEM/PROCESSOR, or SYSTEM/PROCESSOR/VARIANT; one of the first two alone.

    Raises:
        ValueError: it has another form.
    """
    alone = "/" not in text
    if not _PLATFORM.fullmatch(text) or (alone and text.lower() not in _SYSTEMS | _PROCESSORS):
        raise ValueError(f"{shown(text)} is no platform; write one such as linux/amd64")


def check_ip_address(text: str) -> None:
    """Check an IPv4 or IPv6 address.

    Raises:
        ValueError: it is none.
    """
    _check_address(text, "192.0.2.1")


def check_host_address(text: str) -> None:
    """Check the address of an extra host: one of IPv4 or IPv6, or the word `host-gateway`.

    Raises:
        ValueError: it is neither.
    """
    if text != "host-gateway":
        _check_address(text, "192.0.2.1, or host-gateway")


def _check_address(text: str, such_as: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is no address; write one such as {such_as}") from None


def check_mac_address(text: str) -> None:
    """Check a hardware address of Ethernet.

    Raises:
        ValueError: it is none.
    """
    _check_form(text, _MAC, "hardware address", "write it as 02:42:ac:11:00:02")


def check_host_name(text: str) -> None:
    """Check the name of a host or of its domain, which the kernel keeps in 64 bytes.

    Raises:
        ValueError: it is longer, or has other characters than names have.
    """
    _check_form(text, _HOST_NAME, "name of a host", "use letters, digits, `.` and `-`, at most 64")


def check_container_name(text: str) -> None:
    """Check the name of a container.

    Raises:
        ValueError: no engine takes it.
    """
    advice = "use at least two letters, digits, `.`, `_` and `-`"
    _check_form(text, _CONTAINER_NAME, "name of a container", advice)


def check_device_rule(text: str) -> None:
    """Check a rule of the cgroup of devices.

    Raises:
        ValueError: it has another form.
    """
    _check_form(text, _DEVICE_RULE, "rule for devices", "write it as 'c 10:229 rwm'")


def _check_form(text: str, form: re.Pattern[str], what: str, advice: str) -> None:
    if not form.fullmatch(text):
        raise ValueError(f"{shown(text)} is no {what}; {advice}")
