"""The formats that `--format` knows: which files each one writes, and which have a text for stdout.

A report is made from a `Run` alone; the pictures are drawn once for all formats that show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.atomic import write_text
from bench.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from bench.report.plots.catalogue import Plot
    from bench.results.run import Run


@dataclass(frozen=True)
class Format:
    """One kind of report.

    Attributes:
        write: writes it, given the run, its folder and its pictures, and returns the paths.
        text: the report as text for stdout; None where it is not one text.
        draws: whether it shows pictures.
    """

    write: Callable[[Run, Path, list[Plot]], list[Path]]
    text: Callable[[Run], str] | None = None
    draws: bool = False


def _html(run: Run) -> str:
    from bench.report.html.page import html_text

    return html_text(run)


def _write_html(run: Run, folder: Path, plots: list[Plot]) -> list[Path]:
    from bench.report.html.page import write_html

    return [write_html(run, folder, plots)]


def _markdown(run: Run) -> str:
    from bench.report.text.markdown import markdown_text

    return markdown_text(run)


def _json(run: Run) -> str:
    from bench.results.export import run_json

    return run_json(run)


def _trials_csv(run: Run) -> str:
    from bench.results.export import trials_csv

    return trials_csv(run)


def _write_tables(run: Run, folder: Path, _: list[Plot]) -> list[Path]:
    from bench.results.export import write_samples, write_tables

    return [*write_tables(run, folder), write_samples(run, folder)]


def _write_parquet(run: Run, folder: Path, _: list[Plot]) -> list[Path]:
    from bench.results.export import write_parquet

    return [write_parquet(run, folder)]


def _junit(run: Run) -> str:
    from bench.report.text.junit import junit_text

    return junit_text(run)


def _github(run: Run) -> str:
    from bench.report.text.github import annotations_text

    return annotations_text(run)


def _sarif(run: Run) -> str:
    from bench.report.text.sarif import run_sarif

    return run_sarif(run)


def _trace(run: Run) -> str:
    from bench.report.text.trace import trace_text

    return trace_text(run)


def _write_plots(_: Run, folder: Path, plots: list[Plot]) -> list[Path]:
    from bench.report.plots.catalogue import write_plots

    return write_plots(plots, folder / "plots")


def _of_text(file: str, text: Callable[[Run], str]) -> Format:
    """A format that is one text in one file."""
    return Format(lambda run, folder, _: [write_text(folder / file, text(run))], text)


FORMATS: dict[str, Format] = {
    "json": _of_text("run.json", _json),
    "csv": Format(_write_tables, _trials_csv),
    "md": _of_text("summary.md", _markdown),
    "junit": _of_text("junit.xml", _junit),
    "plots": Format(_write_plots, draws=True),
    "html": Format(_write_html, _html, draws=True),
    "github": _of_text("annotations.txt", _github),
    "sarif": _of_text("bench.sarif", _sarif),
    "trace": _of_text("trace.json", _trace),
    "parquet": Format(_write_parquet),
}
"""By name; in the order in which they are written, for the page lists the files that are there."""

DEFAULT = ("json", "csv", "md", "junit", "plots", "html")
"""The formats that every run writes."""


def check_formats(names: Iterable[str]) -> None:
    """Refuse names of formats that are not there, before anything is run.

    Raises:
        UsageError: unknown.
    """
    for name in names:
        if name not in FORMATS:
            known = ", ".join(FORMATS)
            raise UsageError(f"--format {name}", "is not a format", f"formats: {known}")


def write_reports(run: Run, formats: Sequence[str] | None = None) -> list[Path]:
    """Write reports into the run's folder; each file appears whole or not at all.

    Args:
        run: the run.
        formats: names of formats; None stands for the default set.

    Returns:
        The files written.

    Raises:
        UsageError: a format is unknown, or needs a package that is not there.
        StoreError: the folder cannot be written to.
    """
    asked = DEFAULT if formats is None else formats
    check_formats(asked)
    plots: list[Plot] = []
    if any(FORMATS[name].draws for name in asked):
        from bench.report.plots.catalogue import make_plots

        plots = make_plots(run)
    written: list[Path] = []
    for name, form in FORMATS.items():
        if name in asked:
            written += form.write(run, run.folder, plots)
    return written


def report_text(run: Run, name: str) -> str:
    """One report as text, for stdout.

    Raises:
        UsageError: the format is unknown, or is not one text.
    """
    check_formats([name])
    text = FORMATS[name].text
    if text is None:
        texts = ", ".join(known for known, form in FORMATS.items() if form.text is not None)
        raise UsageError(f"--format {name}", "cannot be printed", f"formats for stdout: {texts}")
    return text(run)
