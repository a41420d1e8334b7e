"""The mend of editors and pagers in the image: what only somebody at a terminal calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.installs import installed, is_apt
from bench.dockerfile.lint.start_rules import started, started_script, starts
from bench.dockerfile.mends.edits import Edit, edited, located
from bench.dockerfile.mends.install_mends import SIZE
from bench.dockerfile.mends.mend import Footing, Mend, Mended

if TYPE_CHECKING:
    from bench.dockerfile.mends.sources import Sources

_INTERACTIVE = (
    *("emacs", "emacs-nox", "htop", "joe", "less", "man-db", "mc", "most", "nano", "screen"),
    *("tmux", "tree", "vim", "vim-nox", "vim-tiny"),
)


def without_tools(sources: Sources) -> Mended:
    """Take editors and pagers out of apt installs that bring other packages too."""
    text = sources.text
    scripts = "".join(
        started_script(sources.file, command)[1]
        for instruction in starts(sources.file)
        for command in started(instruction)
    )
    edits = []
    for instruction in sources.file.shipped_instructions:
        if instruction.keyword != "RUN":
            continue
        for command, start in located(sources.file, instruction):
            if not is_apt(command, "install"):
                continue
            tools = [it for it in command.words if it in _INTERACTIVE]
            tools = [it for it in tools if _is_named_once(it, text) and it not in scripts]
            if not tools or set(installed(command)) <= set(tools):
                continue
            for word, end in zip(command.words, command.ends, strict=True):
                if word in tools and text[start + end - len(word) : start + end] == word:
                    edits += _without(text, start + end - len(word), start + end)
    return Mended(sources.with_text(edited(text, edits)))


def _is_named_once(name: str, text: str) -> bool:
    """Whether nothing else in the Dockerfile names it; comments do not count."""
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
    found = re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "\n".join(lines))
    return len(found) == 1


def _without(text: str, start: int, end: int) -> list[Edit]:
    """A word and the blanks before it; its line where it stands alone; nothing at the last line."""
    begin = text.rfind("\n", 0, start) + 1
    if text[begin:start].strip():
        blanks = len(text[begin:start]) - len(text[begin:start].rstrip())
        return [Edit(start - blanks, end)]
    alone = re.compile(r"[ \t]*[\\`][ \t]*\r?\n").match(text, end)
    return [Edit(begin, alone.end())] if alone else []


TOOLS = Mend(
    "no-editors",
    "no editors and pagers, which a service does not call",
    (),
    SIZE,
    Footing.TRY,
    without_tools,
)
