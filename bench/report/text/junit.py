"""junit.xml: a suite for each case, a test for each rule, for CI systems.

A failure as expected passes, with a note; what could not be judged is an error; what only warns
never fails. The report never decides the job: the exit code does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from bench.judge.model import Outcome
from bench.report.baseline import baseline_words
from bench.report.failing import failing
from bench.report.wording import MARKS, actual_words, limit_words, one_line
from bench.scenario.model import READY_ID

if TYPE_CHECKING:
    from bench.judge.model import Verdict
    from bench.judge.regression import Watched
    from bench.report.failing import Failing
    from bench.results.run import Run

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot contain."""

_BASELINE_CHILDREN = {Outcome.FAIL: "failure", Outcome.INCONCLUSIVE: "error"}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def junit_text(run: Run) -> str:
    """The report as XML."""
    root = ET.Element("testsuites", name=_clean(run.header.name))
    broken = {problem.case: problem for problem in failing(run)}
    totals = dict.fromkeys(("tests", *_COUNTED.values()), 0)
    for case in run.scenario.cases:
        verdicts = [verdict for verdict in run.verdicts if verdict.case == case]
        wrong = broken.get(case)
        suite = ET.SubElement(root, "testsuite", name=_clean(case))
        counts = dict.fromkeys(totals, 0)
        for verdict in verdicts:
            details = _failing_words(wrong) if wrong and _is_about_the_start(verdict) else ""
            outcome = _test(suite, f"{run.header.name}.{case}", verdict, details)
            counts["tests"] += 1
            if outcome:
                counts[_COUNTED[outcome]] += 1
        for name, count in counts.items():
            suite.set(name, str(count))
            totals[name] += count
        suite.set("timestamp", _clean(run.header.at)[:19])
        if wrong:
            ET.SubElement(suite, "system-err").text = _clean(_failing_words(wrong))
    if run.baseline is not None or run.lacks_baseline:
        _add_baseline(root, run, totals)
    for name, count in totals.items():
        root.set(name, str(count))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _is_about_the_start(verdict: Verdict) -> bool:
    return verdict.id == READY_ID


def _failing_words(problem: Failing) -> str:
    """The failure of a case, its last lines first."""
    lines = (f"    {line}" for line in problem.lines)
    facts = (f"{name}: {value}" for name, value in problem.facts)
    remedy = [f"what to do: {problem.remedy}"] if problem.remedy else []
    return "\n".join((f"{problem.case} {problem.headline}", *lines, *facts, *remedy))


def _test(suite: ET.Element, classname: str, verdict: Verdict, details: str) -> str:
    """Add one test; returns the name of the child that says it did not pass, or nothing."""
    test = ET.SubElement(
        suite,
        "testcase",
        classname=_clean(classname),
        name=_clean(f"{verdict.id} {verdict.title}".strip()),
    )
    child = _child(verdict)
    words = _words(verdict)
    if child:
        note = ET.SubElement(test, child, message=_clean(one_line(verdict.reason)))
        remedy = f"\nwhat to do: {verdict.remedy}" if verdict.remedy else ""
        note.text = _clean(details or f"{words}{remedy}")
    else:
        ET.SubElement(test, "system-out").text = _clean(words)
    return child


def _add_baseline(root: ET.Element, run: Run, totals: dict[str, int]) -> None:
    """A suite for the comparison with an earlier run: a test for each metric that is judged."""
    named = run.baseline.run_id if run.baseline else run.header.baseline
    suite = ET.SubElement(root, "testsuite", name=_clean(f"baseline {named}"))
    counts = dict.fromkeys(totals, 0)
    found = [
        (
            _BASELINE_CHILDREN.get(regression.outcome, ""),
            f"{regression.fail_on.metric.name} {_state(regression)}",
            regression,
        )
        for regression in run.regressions
    ]
    tests = [(child, name.strip(), watched.reason) for child, name, watched in found]
    if run.baseline is None:
        tests = [("error", "comparable", baseline_words(run))]
    elif run.baseline.unlike:
        tests = [("error", "comparable", "; ".join(run.baseline.unlike))]
    for child, name, reason in tests:
        counts["tests"] += 1
        test = ET.SubElement(suite, "testcase", classname=_clean(suite.get("name")))
        test.set("name", _clean(name))
        if child:
            counts[_COUNTED[child]] += 1
            ET.SubElement(test, child, message=_clean(one_line(reason)))
        else:
            ET.SubElement(test, "system-out").text = _clean(one_line(reason))
    ET.SubElement(suite, "system-out").text = _clean(one_line(baseline_words(run)))
    for name, count in counts.items():
        suite.set(name, str(count))
        totals[name] += count


def _state(watched: Watched) -> str:
    comparison = watched.comparison
    return (
        f"{comparison.candidate.rpartition(':')[2]} {comparison.cache}".strip()
        if comparison
        else ""
    )


def _child(verdict: Verdict) -> str:
    outcome = verdict.verdict
    if outcome in (Outcome.PASS, Outcome.FAIL):
        blames = not verdict.expected and verdict.severity != "warn"
        return "failure" if blames else ""
    optional = outcome is Outcome.NOT_MEASURED and not verdict.required
    return "skipped" if optional or verdict.severity == "warn" else "error"


def _words(verdict: Verdict) -> str:
    note = ""
    if verdict.verdict is Outcome.FAIL:
        note = " (expected)" if verdict.expected else ""
        note = " (warns only)" if verdict.severity == "warn" else note
    figures = f" {actual_words(verdict)}, limit {limit_words(verdict)}" if verdict.limit else ""
    return one_line(f"{MARKS[verdict.verdict]}{figures}{note}: {verdict.reason}")


def _clean(text: object) -> str:
    return _FORBIDDEN.sub("?", str(text))
