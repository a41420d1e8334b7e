"""Images that no Dockerfile makes well: of very many layers, put into the registry blob by blob."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
from typing import TYPE_CHECKING

import requests

from bench.runtimes.managed.registry import Blob, Registry
from bench.runtimes.protocol import LABEL

if TYPE_CHECKING:
    from bench.runtimes.managed.private import PrivateEngine

APPLETS = ("sh", "httpd", "sleep", "dd", "echo", "cat", "yes", "true")


def put_image(
    private: PrivateEngine, repository: str, *, layers: int, random_bytes: bytes = b""
) -> str:
    """An image of busybox below small layers; its reference, by digest.

    The third layer from the top is the second one once more: one blob, twice in the manifest.

    Args:
        private: whose registry takes it.
        repository: its name there.
        layers: how many.
        random_bytes: content of the topmost layer.
    """
    tars = [_busybox()]
    tars += [_tar({f"layers/{number}": f"{number}\n".encode()}) for number in range(1, layers)]
    tars[-1] = _tar({"layers/top": random_bytes or b"top\n"})
    if layers > 4:
        tars[-3] = tars[1]
    registry = Registry(private.registry_address(), private.login())
    shown = private.login().to(registry.address)
    assert shown is not None
    session = requests.Session()
    session.auth = (shown.user, shown.secret)
    place = f"http://{registry.address}/v2/{repository}"
    blobs = [_put(session, place, gzip.compress(tar, 6, mtime=0)) for tar in tars]
    session.close()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Cmd": ["httpd", "-f", "-p", "8080", "-h", "/www"],
            "Env": ["PATH=/bin"],
            "Labels": {LABEL: "kept"},
        },
        "rootfs": {"type": "layers", "diff_ids": [_digest(tar) for tar in tars]},
        "history": [{"created_by": f"ADD layer {number}"} for number in range(layers)],
    }
    digest = registry.push_image(repository, "latest", config, blobs)
    registry.close()
    return f"{registry.address}/{repository}@{digest}"


def _busybox() -> bytes:
    path = shutil.which("busybox")
    assert path is not None, "the fixture `busybox` installs it"
    with open(path, "rb") as file:  # noqa: PTH123
        program = file.read()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for folder in ("bin", "www", "tmp", "dev", "etc", "layers"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        _add(archive, "bin/busybox", program, 0o755)
        for applet in APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        _add(archive, "www/healthz", b"ok\n", 0o644)
    return buffer.getvalue()


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            _add(archive, name, data, 0o644)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    archive.addfile(entry, io.BytesIO(data))


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _put(session: requests.Session, repository: str, data: bytes) -> Blob:
    blob = Blob(_digest(data), len(data), "")
    begun = session.post(f"{repository}/blobs/uploads/", timeout=30)
    place = begun.headers["Location"]
    place += f"{'&' if '?' in place else '?'}digest={blob.digest}"
    headers = {"Content-Type": "application/octet-stream"}
    session.put(place, data=data, headers=headers, timeout=30).raise_for_status()
    return blob
