"""Files of `KEY=value` lines, or of `KEY: value`, as `env_file` names them.

Blank lines and lines that begin with `#` are passed over, and `export ` before a key. A value
without quotes ends at ` #`; in single quotes it is taken as it stands, in double quotes with
the escapes of a shell, and either may go on over several lines. Variables in values are replaced
only for Compose files, and not within single quotes. Messages never quote a line: what stands in
such a file may be a secret.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import Diagnostic, ScenarioError
from bench.yamldoc.interpolate import interpolate_compose
from bench.yamldoc.source import Source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LINE = re.compile(
    r"""[ \t]*(?:export[ \t]+)?(?P<key>[^\s=:#'"][^\s=:]*)[ \t]*[=:][ \t]*"""
    r"""(?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>[^'"\n][^\n]*)?)""",
    re.DOTALL,
)
_ALONE = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:#[^\n]*)?")
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?")
_COMMENT = re.compile(r"(?:^|[ \t])[ \t]*#.*$")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\n": ""}
_REPLACED_LATER = {"$": "$$"}
"""The escape of a dollar sign after a backslash, where variables are replaced afterwards."""


def read_env_files(
    files: Iterable[Path | str],
    environ: Mapping[str, str] | None = None,
    *,
    raw: bool = False,
    warnings: list[Diagnostic] | None = None,
) -> dict[str, str]:
    """The variables in `files`; of one that stands twice, the last value.

    Args:
        files: where they stand.
        environ: what variables in values are taken from, and then from what stands above; values
            are left as they are where None. A name alone is taken from there, as Compose does.
        raw: whether values are taken as they stand, quotes and dollar signs and all.
        warnings: is given what a reader should know.

    Raises:
        ScenarioError: a file that cannot be read, or lines that are not KEY=value; all faults
            of all files.
    """
    values: dict[str, str] = {}
    faults: list[Diagnostic] = []
    for file in files:
        try:
            source = read_source(Path(file))
            if raw:
                _read_raw(source, values, faults, environ or {})
            else:
                _read(source, values, faults, [] if warnings is None else warnings, environ)
        except ScenarioError as error:
            faults += error.diagnostics
    if faults:
        raise ScenarioError(faults)
    return values


def _read(
    source: Source,
    values: dict[str, str],
    faults: list[Diagnostic],
    warnings: list[Diagnostic],
    environ: Mapping[str, str] | None,
) -> None:
    text = source.text.replace("\r\n", "\n")
    position = 0
    while position < len(text):
        end = _end_of_line(text, position)
        if _BLANK.fullmatch(text, position, end):
            position = end + 1
            continue
        alone = _ALONE.fullmatch(text, position, end) if environ is not None else None
        if alone and environ is not None:
            values |= {alone["key"]: environ[alone["key"]]} if alone["key"] in environ else {}
            position = end + 1
            continue
        match = _LINE.match(text, position)
        end = _end_of_line(text, match.end()) if match else end
        rest = text[match.end() : end] if match else ""
        if match is None or not _BLANK.fullmatch(rest):
            line = text.count("\n", 0, position) + 1
            message = "not KEY=value, or a quote that is not closed"
            faults.append(Diagnostic(source.name, line, 1, message, "write KEY=value"))
        else:
            value = _value(match, {} if environ is None else _REPLACED_LATER)
            if environ is not None and match["single"] is None:
                value, unreplaced, unset = interpolate_compose(value, {**values, **environ})
                line = text.count("\n", 0, position) + 1
                warnings += [
                    Diagnostic(
                        source.name,
                        line,
                        1,
                        f"the variable {name} is not set, and is taken for empty",
                        "write \\$ for a dollar sign",
                    )
                    for name in unset
                ]
                faults += [
                    Diagnostic(source.name, line, 1, fault.message.split(": ")[0], fault.suggestion)
                    for fault in unreplaced
                ]
            values[match["key"]] = value
        position = end + 1


def _read_raw(
    source: Source, values: dict[str, str], faults: list[Diagnostic], environ: Mapping[str, str]
) -> None:
    for number, line in enumerate(source.text.splitlines(), start=1):
        key, equals, value = line.lstrip().partition("=")
        if not key or key.startswith("#"):
            if equals and not key:
                faults.append(Diagnostic(source.name, number, 1, "no name before =", "write one"))
        elif key.split() != [key]:
            faults.append(Diagnostic(source.name, number, 1, "not KEY=value", "write KEY=value"))
        elif equals or key in environ:
            values[key] = value if equals else environ[key]


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return end if end >= 0 else len(text)


def _value(match: re.Match[str], also_escaped: Mapping[str, str]) -> str:
    if (single := match["single"]) is not None:
        return single
    if (double := match["double"]) is not None:
        escaped = {**_ESCAPED, **also_escaped}
        return _ESCAPE.sub(lambda escape: escaped.get(escape[1], escape[1]), double)
    plain = _COMMENT.sub("", match["plain"] or "").strip()
    for character, become in also_escaped.items():
        plain = plain.replace(f"\\{character}", become)
    return plain
