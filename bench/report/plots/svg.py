"""Figures as SVG text: the same bytes for the same data, small, and fit to stand in a page."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from bench.report.plots.style import RC, VARIABLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PROLOG = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_PLACES = re.compile(r'\b(?:d|x|y|x1|x2|y1|y2|width|height|transform)="[^"]*"')
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_SPACE = re.compile(r"\n\s*")
_PATH = re.compile(r' d="[^"]*"')
_LOOSE = re.compile(r"(?<=[A-Za-z]) +| +(?=[A-Za-z\"])")
_UPRIGHT = re.compile(r' transform="rotate\(-?0 [^"]*\)"')
_ID = re.compile(r'\bid="([^"]+)"')
_REFERENCE = re.compile(r'(?:url\(#|href="#)([^")]+)')
_SIZE = re.compile(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>')
_FONT = re.compile(r"font(?:-family)?: [^;\"]*;? ?")
_FONT_SIZE = re.compile(r"font: (?:[a-z0-9]+ )?([0-9.]+)px[^;\"]*")


def svg_text(figure: Figure, name: str) -> str:
    """The figure as a standalone SVG file; `name` keeps its ids apart from other figures'."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({**RC, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = _METADATA.sub("", buffer.getvalue())
    return _PLACES.sub(lambda place: _NUMBER.sub(_shorter, place[0]), text)


def inline_svg(text: str, name: str) -> str:
    """A standalone SVG made to stand inside HTML: CSS colours, the page's font, own ids."""
    text = _SPACE.sub(" ", _PROLOG.sub("", text)).replace("xlink:href", "href")
    text = _UPRIGHT.sub("", _PATH.sub(lambda path: f' d="{_LOOSE.sub("", path[0][4:])}', text))
    text = _SIZE.sub(r'<svg viewBox="\1" preserveAspectRatio="xMidYMid meet">', text, count=1)
    used = set(_REFERENCE.findall(text))
    text = _ID.sub(lambda match: f'id="{name}-{match[1]}"' if match[1] in used else "", text)
    text = _REFERENCE.sub(
        lambda match: match[0].replace(f"#{match[1]}", f"#{name}-{match[1]}"), text
    )
    text = _FONT_SIZE.sub(r"font-size: \1px", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return text.replace("<g >", "<g>").replace(" >", ">")


def _shorter(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
