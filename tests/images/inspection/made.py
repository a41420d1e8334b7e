"""Images made in a test, in each form in which engines and tools write them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import zstandard

from bench.core.errors import UsageError
from bench.core.machine import own_architecture
from bench.images.inspection.sources.archive import ImageArchive
from bench.images.inspection.sources.layout import LayoutFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.images.inspection.sources.source import ReadImage

ARCHITECTURE = own_architecture().partition("/")[0]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def entry(name: str, *, mode: int = 0o644, uid: int = 0, mtime: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode, member.uid, member.mtime = mode, uid, mtime
    return member


def layer(
    *members: tuple[str | tarfile.TarInfo, bytes] | tarfile.TarInfo,
    form: int = tarfile.PAX_FORMAT,
) -> bytes:
    """A layer's archive: files with their content, and entries without one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for item in members:
            if isinstance(item, tarfile.TarInfo):
                tar.addfile(item)
                continue
            member = entry(item[0]) if isinstance(item[0], str) else item[0]
            member.size = len(item[1])
            tar.addfile(member, io.BytesIO(item[1]))
    return buffer.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.LNKTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@dataclass
class Made:
    """An image: layers as unpacked archives, and what its configuration says beside them."""

    layers: tuple[bytes, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[str, ...] = ()

    def document(self) -> bytes:
        ids = [digest_of(data) for data in self.layers]
        history = [{"created_by": text} for text in self.history]
        return json.dumps(
            {
                "architecture": ARCHITECTURE,
                "os": "linux",
                "created": "2026-11-30T12:00:00Z",
                "config": dict(self.config),
                "rootfs": {"type": "layers", "diff_ids": ids},
                "history": history,
            }
        ).encode()


def blobs_of(made: Made, packed: Callable[[bytes], bytes]) -> tuple[dict[str, bytes], bytes]:
    """The blobs of an image by their digests, and its index."""
    layers = [packed(data) for data in made.layers]
    document = made.document()
    blobs = {digest_of(data): data for data in (*layers, document)}
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(document),
            "layers": [descriptor(data) for data in layers],
        }
    ).encode()
    blobs[digest_of(manifest)] = manifest
    index = json.dumps({"schemaVersion": 2, "manifests": [descriptor(manifest)]}).encode()
    return blobs, index


def descriptor(data: bytes, **more: object) -> dict[str, object]:
    return {"mediaType": MANIFEST, "digest": digest_of(data), "size": len(data), **more}


def blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def packed_gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def packed_zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def archive_of(files: Mapping[str, bytes | str]) -> bytes:
    """An archive of files; a text is the target of a symbolic link."""
    return layer(
        *(
            link(name, data, tarfile.SYMTYPE) if isinstance(data, str) else (name, data)
            for name, data in files.items()
        )
    )


def legacy(made: Made) -> dict[str, bytes | str]:
    """`docker save` up to Docker 24: a folder per layer, a link where a layer comes again."""
    document = made.document()
    name = f"{digest_of(document).partition(':')[2]}.json"
    files: dict[str, bytes | str] = {name: document}
    first: dict[bytes, str] = {}
    paths = []
    for number, data in enumerate(made.layers):
        path = f"{number:064x}/layer.tar"
        files[f"{number:064x}/VERSION"] = b"1.0"
        files[path] = f"../{first[data]}" if data in first else data
        first.setdefault(data, path)
        paths.append(path)
    listed = [{"Config": name, "RepoTags": ["made:latest"], "Layers": paths}]
    return files | {"manifest.json": json.dumps(listed).encode()}


def saved(made: Made, packed: Callable[[bytes], bytes] = bytes) -> dict[str, bytes | str]:
    """`docker save` of Docker 25 and newer: an OCI layout with a manifest.json."""
    blobs, index = blobs_of(made, packed)
    document = digest_of(made.document())
    listed = [
        {
            "Config": blob_path(document),
            "RepoTags": ["made:latest"],
            "Layers": [blob_path(digest_of(packed(data))) for data in made.layers],
        }
    ]
    return {
        **{blob_path(digest): data for digest, data in blobs.items()},
        "index.json": index,
        "manifest.json": json.dumps(listed).encode(),
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
    }


def oci_archive(made: Made, packed: Callable[[bytes], bytes] = packed_gzip) -> dict[str, bytes]:
    """An OCI layout in an archive, without manifest.json."""
    blobs, index = blobs_of(made, packed)
    return {**{blob_path(name): data for name, data in blobs.items()}, "index.json": index}


def podman(made: Made) -> dict[str, bytes]:
    """`podman save`: files named by their digests."""
    document = made.document()
    files = {f"{digest_of(data).partition(':')[2]}.tar": data for data in made.layers}
    name = f"{digest_of(document).partition(':')[2]}.json"
    listed = [{"Config": name, "Layers": list(files)}]
    return files | {name: document, "manifest.json": json.dumps(listed).encode()}


def write_layout(folder: Path, made: Made, packed: Callable[[bytes], bytes] = packed_gzip) -> Path:
    blobs, index = blobs_of(made, packed)
    for digest, data in blobs.items():
        path = folder / blob_path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "index.json").write_bytes(index)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def read_archive(data: bytes) -> ReadImage:
    return ImageArchive(
        "image.tar", "archive", lambda: io.BytesIO(data), ARCHITECTURE, UsageError
    ).read()


def read_layout(folder: Path) -> ReadImage:
    return LayoutFolder(folder, ARCHITECTURE).read()


def read(made: Made) -> ReadImage:
    return read_archive(archive_of(saved(made)))
