"""The templates of the pages, and how text gets into them."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from bench.report.wording import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@functools.cache
def environment() -> Environment:
    """The templates; whatever they show is escaped, and free of what must not be shown."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    from bench.report.plots.svg import inline_svg

    made = Environment(
        loader=PackageLoader("bench.report.html"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["coded"] = coded
    # What matplotlib wrote has its own escaping; nothing else goes into the page unescaped.
    made.filters["inline"] = lambda plot: Markup(inline_svg(plot.svg, plot.name))  # noqa: S704
    return made


def _shown(value: object) -> object:
    """`value`, as text without characters that hide or turn round what is read.

    Bytes of a file's name that are no text are escapes. Markup is escaped already, and made of
    what has been shown.
    """
    if type(value) is not str:
        return value
    return visible(value.encode("utf-8", "backslashreplace").decode())


def coded(text: object) -> Markup:
    """`text`, escaped, with what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(visible(text)))))  # noqa: S704
