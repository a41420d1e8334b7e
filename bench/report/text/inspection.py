"""An inspected image as text for a terminal, and as JSON."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bench.core.text import clean_tree
from bench.core.units import format_bytes
from bench.report.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.images.inspection.model import (
        ImageSettings,
        Inspection,
        LayerFigures,
        Shared,
        WastedPath,
    )

_WIDTH = 100
_TOP = 10
_TOP_LAYERS = 3
_ABSENT = "-"
_SIZE = 10
"""Columns of a size: `1023 MiB` and two blanks."""


def inspection_json(image: Inspection) -> Iterator[str]:
    """All facts, as `docs/inspect.md` lists them: the lines of a JSON object.

    Each item of a list is on a line of its own; hundreds of thousands of files are never held as
    one text.
    """
    names = [field.name for field in dataclasses.fields(image)]
    yield "{"
    for name in names:
        value, end = getattr(image, name), "" if name == names[-1] else ","
        if isinstance(value, tuple):
            yield f'  "{name}": ['
            for number, item in enumerate(value, 1):
                yield f"    {_json(item)}{',' if number < len(value) else ''}"
            yield f"  ]{end}"
        else:
            yield f'  "{name}": {_json(value)}{end}'
    yield "}"


def _json(value: Any) -> str:
    is_facts = dataclasses.is_dataclass(value) and not isinstance(value, type)
    plain = dataclasses.asdict(value) if is_facts else value
    return json.dumps(clean_tree(plain), ensure_ascii=False)


def inspection_text(image: Inspection) -> str:
    """The facts in the order of their weight; of long lists only the head."""
    parts = [
        _totals(image),
        _against(image.against) if image.against else (),
        _secrets(image),
        _layers(image),
        _waste(image),
        _leftovers(image),
        _settings(image.settings),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


def _totals(image: Inspection) -> Iterator[str]:
    settings = image.settings
    said = [f"from {_SOURCES[image.source]}", settings.architecture, settings.created[:19]]
    yield _cut(f"{image.image}  {', '.join(filter(None, said))}")
    share = f" ({image.waste_bytes / image.unpacked_bytes:.1%})" if image.waste_bytes else ""
    sizes = [
        f"unpacked {format_bytes(image.unpacked_bytes)}",
        f"transfer {_size(image.transfer_bytes, 'not known')}",
        f"waste {format_bytes(image.waste_bytes)}{share}",
        f"leftovers {format_bytes(image.leftover_bytes)}",
    ]
    if image.secrets:
        sizes.append(_counted(len(image.secrets), "possible secret"))
    yield " · ".join(sizes)


_SOURCES = {
    "engine": "the engine",
    "archive": "an archive",
    "layout": "an OCI layout",
    "registry": "its registry",
}


def _against(shared: Shared) -> Iterator[str]:
    yield _cut(f"AGAINST {shared.image}")
    if shared.is_base:
        yield "  its layers are the first of this image: it is a base of it"
    shared_words = f"{_counted(shared.layer_count, 'layer')}, {format_bytes(shared.bytes)} unpacked"
    yield f"  shared  {shared_words}"
    own, others = format_bytes(shared.own_bytes), format_bytes(shared.others_own_bytes)
    yield f"  own     {own} here, {others} there"


def _secrets(image: Inspection) -> Iterator[str]:
    if not image.secrets:
        return
    yield "POSSIBLE SECRETS  anyone who can pull the image can read them, deleted or not"
    for secret in image.secrets[:_TOP]:
        hidden = "" if secret.hidden_by is None else f", hidden by layer {secret.hidden_by}"
        yield _cut(f"  layer {secret.layer}{hidden}: {secret.kind}  {secret.path}")
    yield from _more(len(image.secrets))


def _layers(image: Inspection) -> Iterator[str]:
    marks = image.against is not None
    yield f"LAYERS  {len(image.layers)}, {_counted(image.file_count, 'file')}"
    if not image.layers:
        return
    head = f"  {'#':>3}{'unpacked':>{_SIZE}}{'transfer':>{_SIZE}}{'waste':>{_SIZE}}{'files':>9}"
    yield f"{head}  {'digest':<12}  {'shared  ' if marks else ''}instruction"
    for layer in image.layers:
        yield _cut(_layer(layer))


def _layer(layer: LayerFigures) -> str:
    sizes = (
        format_bytes(layer.unpacked_bytes),
        _size(layer.transfer_bytes),
        format_bytes(layer.waste_bytes) if layer.waste_bytes else _ABSENT,
    )
    cells = "".join(f"{size:>{_SIZE}}" for size in sizes)
    digest = layer.digest.partition(":")[2][:12]
    shared = "" if layer.shared is None else f"{'yes' if layer.shared else 'no':<8}"
    row = f"  {layer.index:>3}{cells}{layer.file_count:>9,}  {digest:<12}  {shared}"
    return row + (layer.instruction or "(not in the history)")


def _waste(image: Inspection) -> Iterator[str]:
    if not image.wasted:
        return
    count = _counted(len(image.wasted), "file")
    yield f"WASTE  {format_bytes(image.waste_bytes)} in {count} that a later layer hides"
    for (hidden_by, how), size in _by_hiding_layer(image.wasted):
        made_by = image.layers[hidden_by].instruction
        yield _cut(f"  {format_bytes(size):>8}  {how}, by layer {hidden_by}: {made_by}")
    yield f"  the largest {'file' if len(image.wasted) == 1 else 'files'}:"
    for file in image.wasted[:_TOP]:
        where = f"layer {file.layer}, {file.how.words} by {file.hidden_by}"
        yield _cut(f"  {format_bytes(file.bytes):>8}  {file.path}", f"  {where}")
    yield from _more(len(image.wasted))


def _by_hiding_layer(
    wasted: Sequence[WastedPath],
) -> Sequence[tuple[tuple[int, str], int]]:
    """The layers that hide most and how, with bytes."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for file in wasted:
        sums[file.hidden_by, file.how.words] += file.bytes
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:_TOP_LAYERS]


def _leftovers(image: Inspection) -> Iterator[str]:
    if not image.leftovers:
        return
    yield f"LEFTOVERS  {format_bytes(image.leftover_bytes)} that a running service rarely needs"
    for found in image.leftovers:
        made_by = image.layers[found.layer].instruction
        count = _counted(found.file_count, "file")
        yield _cut(
            f"  {format_bytes(found.bytes):>8}  {found.title}: {count}, most by layer "
            f"{found.layer}: {made_by}"
        )
        yield _cut(f"            such as {found.example}")
        yield _cut(f"            = {found.remedy}")


def _settings(settings: ImageSettings) -> Iterator[str]:
    yield "CONFIGURATION"
    rows = {
        "user": settings.user or "root (not set)",
        "entrypoint": shlex.join(settings.entrypoint),
        "command": shlex.join(settings.command),
        "folder": settings.working_dir,
        "ports": ", ".join(settings.exposed_ports),
        "volumes": ", ".join(settings.volumes),
        "stop signal": settings.stop_signal,
        "healthcheck": _healthcheck(settings.healthcheck),
        "architecture": settings.architecture,
        "created": settings.created,
    }
    for name, value in rows.items():
        if value:
            yield _cut(f"  {name:<12} {value}")
    yield from _pairs("environment", settings.environment)
    yield from _pairs("labels", settings.labels)


def _healthcheck(healthcheck: Mapping[str, object] | None) -> str:
    test = (healthcheck or {}).get("Test")
    return shlex.join(map(str, test)) if isinstance(test, list) else ""


def _pairs(title: str, variables: Mapping[str, str]) -> Iterator[str]:
    for number, (name, value) in enumerate(variables.items()):
        yield _cut(f"  {'' if number else title:<12} {name}={value}")


def _more(count: int) -> Iterator[str]:
    if count > _TOP:
        yield f"  … and {count - _TOP:,} more; --format json lists all"


def _size(value: int | None, absent: str = _ABSENT) -> str:
    return absent if value is None else format_bytes(value)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _cut(text: str, end: str = "") -> str:
    """`text` and `end` on one line of a terminal; `text` is shortened to fit."""
    line = " ".join(visible(text).splitlines())
    room = _WIDTH - len(end)
    return (line if len(line) <= room else f"{line[: room - 1]}…") + end
