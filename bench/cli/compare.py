"""`bench compare`: two runs, or two cases of one run, set against each other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.errors import CompareError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.journal.facts.comparison import Comparison
    from bench.judge.regression import FailOn
    from bench.results.run import Run


@click.command("compare")
@click.argument("baseline", metavar="A")
@click.argument("candidate", metavar="B")
@click.option(
    "--fail-on",
    "margins",
    multiple=True,
    metavar="METRIC:10%,500ms",
    help="Exit with 1 if B is worse by more than every margin given, with 3 if that "
    "cannot be decided (repeatable).",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--force", is_flag=True, help="Compare even if host or settings differ.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="Folder that contains the runs.",
)
@click.pass_context
def command(
    ctx: click.Context,
    baseline: str,
    candidate: str,
    margins: tuple[str, ...],
    form: str,
    force: bool,
    out: Path,
) -> None:
    """Compare B with A, each a RUN or RUN:CASE; RUN is a folder, an id, or `latest`.

    Without cases, those of the same name in both runs are compared.
    """
    from bench.judge.regression import parse_fail_on
    from bench.report.text.comparison import compare_runs, print_comparisons
    from bench.results.find import find_case
    from bench.results.run import load_run

    (folder_a, case_a), (folder_b, case_b) = find_case(baseline, out), find_case(candidate, out)
    run_a = load_run(folder_a)
    run_b = run_a if folder_b == folder_a else load_run(folder_b)
    own = {**run_a.scenario.own_metrics, **run_b.scenario.own_metrics}
    fail_on = [parse_fail_on(text, own) for text in margins]
    pairs = _pairs(run_a, case_a, run_b, case_b)
    _check_comparable(run_a, run_b, pairs, force=force)
    found = compare_runs(run_a, run_b, pairs)
    if form == "json":
        _print_json(found)
    else:
        print_comparisons(found, sys.stdout, everything=True)
    ctx.exit(_verdict(found, fail_on))


def _pairs(run_a: Run, case_a: str, run_b: Run, case_b: str) -> list[tuple[str, str]]:
    """Which case of the first run is set against which of the second."""
    for run, case in ((run_a, case_a), (run_b, case_b)):
        if case and case not in run.scenario.cases:
            known = ", ".join(run.scenario.cases)
            raise CompareError(f"{run.run_id}:{case}", "there is no such case", f"it has {known}")
    if case_a or case_b:
        pairs = [(case_a or case_b, case_b or case_a)]
    else:
        pairs = [(case, case) for case in run_b.scenario.cases if case in run_a.scenario.cases]
    for run, names in (
        (run_a, [first for first, _ in pairs]),
        (run_b, [second for _, second in pairs]),
    ):
        for name in names:
            if name not in run.scenario.cases:
                raise CompareError(f"{run.run_id}:{name}", "there is no such case", "name both")
    if not pairs:
        raise CompareError(
            f"{run_a.run_id} and {run_b.run_id}", "have no case in common", "write both as RUN:CASE"
        )
    if run_a.folder == run_b.folder and pairs[0][0] == pairs[0][1]:
        raise CompareError(
            run_a.run_id, "is compared with itself", "write two cases of it as RUN:CASE"
        )
    return pairs


def _check_comparable(
    run_a: Run, run_b: Run, pairs: Sequence[tuple[str, str]], *, force: bool
) -> None:
    from bench.results.comparable import all_differences, all_notes

    for text in all_notes(run_a, run_b):
        click.echo(f"note: {text}", err=True)
    found = all_differences(run_a, run_b, pairs)
    if not found:
        return
    if not force:
        raise CompareError(
            f"{run_a.run_id} and {run_b.run_id}",
            f"were not measured in the same way: {'; '.join(found)}",
            "measure both in the same way, or compare anyway with --force",
        )
    for text in found:
        click.echo(f"not measured in the same way: {text}", err=True)


def _print_json(found: Sequence[Comparison]) -> None:
    import dataclasses
    import json

    rows = [dataclasses.asdict(comparison) for comparison in found]
    click.echo(json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False))


def _verdict(found: Sequence[Comparison], fail_on: Sequence[FailOn]) -> int:
    """The exit code: 3 where a margin could not be judged, 1 where one is exceeded, else 0."""
    from bench.judge.model import Outcome
    from bench.judge.regression import watch, watched_exit_code

    watched = [verdict for margins in fail_on for verdict in watch(found, margins)]
    words = {Outcome.FAIL: "regression", Outcome.INCONCLUSIVE: "cannot be judged"}
    for verdict in watched:
        if verdict.outcome in words:
            click.echo(f"{words[verdict.outcome]}: {verdict.fail_on}: {verdict.reason}", err=True)
    return watched_exit_code(watched)
