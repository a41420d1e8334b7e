"""index.html: the whole report in one file, without network, scripts or anything to install.

If the page would pass `MOST_BYTES`, it is made again with fewer curves and trials, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.atomic import write_text
from bench.core.metrics import METRICS
from bench.report import caveats
from bench.report.failing import failing
from bench.report.fix_next import fix_next
from bench.report.headline import answer
from bench.report.html import detail as html_detail
from bench.report.html import view as html_view
from bench.report.html.environment import environment
from bench.report.plots.catalogue import make_plots
from bench.report.sections.all import sections
from bench.report.wording import exit_words, standard_words

if TYPE_CHECKING:
    from pathlib import Path

    from bench.report.plots.catalogue import Plot
    from bench.results.run import Run

MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Detail:
    """How much a page shows.

    Attributes:
        trials: rows in the table of trials.
        curves: curves of single trials in a picture; None leaves it to the number of cases.
        left_out: what the page says about it.
    """

    trials: int
    curves: int | None
    left_out: str


DETAILS = (
    Detail(300, None, ""),
    Detail(100, 6, "To stay below 1 MB, this page draws 6 trials per case and lists 100 trials."),
    Detail(40, 0, "To stay below 1 MB, this page draws the median trial and lists 40 trials."),
)


def html_text(run: Run, plots: list[Plot] | None = None) -> str:
    """The page.

    Args:
        run: the run.
        plots: its pictures where they were drawn already.
    """
    for detail in DETAILS:
        drawn = plots if detail.curves is None else None
        if drawn is None:
            drawn = make_plots(run, most_curves=detail.curves)
        text = _render(run, drawn, detail)
        if len(text.encode(errors="backslashreplace")) < MOST_BYTES:
            return text
    return _render(run, [], Detail(40, 0, "To stay below 1 MB, the plots are only in plots/."))


def write_html(run: Run, folder: Path, plots: list[Plot] | None = None) -> Path:
    """Write index.html."""
    return write_text(folder / "index.html", html_text(run, plots))


def _render(run: Run, plots: list[Plot], detail: Detail) -> str:
    rows, left_out = html_detail.trials(run, detail.trials)
    return (
        environment()
        .get_template("index.html.jinja2")
        .render(
            run=run,
            title=run.header.name,
            description=run.scenario.description,
            answer=answer(run),
            fix_next=fix_next(run),
            standard=standard_words(run),
            verdict=exit_words(run),
            failing=failing(run),
            cards=html_view.cards(run),
            rules=html_view.rules(run),
            bar_limit=100 / html_view.BAR_TOP,
            comparisons=html_view.comparisons(run),
            doubts=caveats.warnings(run),
            plots=_by_kind(plots),
            sections=sections(run),
            images=html_detail.images(run),
            trials=rows,
            trials_left_out=left_out,
            trial_titles=[METRICS[name].title for name in html_detail.TRIAL_METRICS],
            environment=html_detail.environment(run),
            floor=html_detail.floor(run),
            metrics=[run.metrics[name] for name in html_view.shown_metrics(run)],
            checklist_rows=run.checklist.rules if run.checklist else (),
            files=html_detail.files(run.folder),
            command=html_detail.command(run),
            scenario=html_detail.scenario_text(run),
            left_out=detail.left_out,
        )
    )


def _by_kind(plots: list[Plot]) -> dict[str, list[Plot]]:
    found: dict[str, list[Plot]] = {}
    for plot in plots:
        found.setdefault(plot.kind, []).append(plot)
    return found
