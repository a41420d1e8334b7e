"""`metrics:` of a case: figures that its workload prints, and the metrics that they become."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from bench.core.metrics import METRICS, Better, Metric
from bench.yamldoc.values import Model, Text, compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MetricName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""The name of a metric, which is also a column of trials.csv."""

METRIC_NAME_RULE = "use small letters, digits and `_`, at most 40, the first a letter"
SOURCE_OF_FIGURE = (
    "needs either `pattern` or `json_key`; `pattern` is searched in each line of output, "
    "`json_key` is looked up in each line that is a JSON object"
)

_UNITS = {"s": "s", "ms": "ms", "bytes": "bytes", "pct": "pct", "cores": "cores", "count": ""}
"""The units that bench knows, as they are written and as a metric keeps them."""

_MISSPELT = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("msec", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("us", "µs", "ns", "min", "minutes", "h", "hours"), "s, or ms"),
    **dict.fromkeys(("byte", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "tib", "b"), "bytes"),
    **dict.fromkeys(("%", "percent"), "pct"),
    **dict.fromkeys(("number", "none", "counts"), "count"),
}
_OWN_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,11}(/[A-Za-z0-9_.-]{1,11})?")


class Take(StrEnum):
    """Which of several matches in one trial counts, or what they become together."""

    FIRST = "first"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"
    SUM = "sum"


def _unit(value: object) -> str:
    known = f"write {', '.join(_UNITS)}, or a rate such as rows/s"
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a unit; {known}")  # noqa: TRY004
    if meant := _MISSPELT.get(value.lower()):
        raise ValueError(f"{value!r} is not a unit that bench converts; write {meant}")
    if value not in _UNITS and not _OWN_UNIT.fullmatch(value):
        raise ValueError(f"{value!r} is not a unit; {known}")
    return value


Unit = Annotated[
    str,
    BeforeValidator(_unit),
    WithJsonSchema(
        {"anyOf": [{"enum": list(_UNITS)}, {"type": "string", "pattern": f"^{_OWN_UNIT.pattern}$"}]}
    ),
]
"""The unit of a figure: one that bench knows, or a word of the workload's own."""


def _with_a_group(value: object) -> object:
    if not isinstance(value, str):
        return value
    pattern = compiled(value)
    if not pattern.groups:
        raise ValueError("no group says which part is the number; put that part in parentheses")
    if pattern.groups > 1 and "value" not in pattern.groupindex:
        raise ValueError(
            f"{pattern.groups} groups, and none says that it is the number; "
            "name that one (?P<value>…), or make the others (?:…)"
        )
    return value


class WorkloadMetric(Model):
    """A figure that the workload prints, by a pattern or by a key of its JSON lines."""

    pattern: Annotated[Text, BeforeValidator(_with_a_group)] | None = None
    """Regular expression, searched in each line of stdout and stderr; its group is the number, or
    the one called `value` of several."""
    json_key: Text | None = None
    """Key of the number in lines that end in a JSON object; dots lead into nested objects."""
    unit: Unit
    """Unit of the number as it is printed: `s`, `ms`, `bytes`, `pct`, `cores`, `count`, or a word
    of the workload's own, such as `rows/s`."""
    better: Better
    """Which way it improves: `lower`, `higher`, or `neither`."""
    take: Take = Take.LAST
    """Which of several matches in one trial counts: `first`, `last`, `min`, `max`, or what they
    become together: `mean`, `sum`."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.pattern is None) == (self.json_key is None):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": SOURCE_OF_FIGURE})
        return self

    def as_metric(self, name: str) -> Metric:
        """The metric that it becomes under `name`."""
        where = (
            f"found by {self.pattern}" if self.pattern else f"under {self.json_key} in JSON lines"
        )
        several = {Take.MIN: "smallest", Take.MAX: "largest"}.get(self.take, self.take.value)
        return Metric(
            name=name,
            unit=kept_unit(self.unit),
            title=_title(name, self.unit),
            better=self.better,
            meaning=f"What the workload printed of itself, {where}; of several in one trial the "
            f"{several}.",
            misleads="The workload's own word: bench has not measured it.",
        )


def kept_unit(written: str) -> str:
    """The unit as a metric keeps it, for one as it is written in a scenario."""
    return _UNITS.get(written, written)


def _title(name: str, unit: str) -> str:
    """`epoch` for `epoch_s` in seconds: the unit stands beside every value."""
    return name.removesuffix(f"_{unit}").replace("_", " ")


def own_metrics(defined: Iterable[Mapping[str, WorkloadMetric]]) -> dict[str, Metric]:
    """The metrics of a scenario's own, by name, from the `metrics` of each of its cases.

    Unit and direction of a name are the same in every case; its words are those of the first.
    """
    found: dict[str, Metric] = {}
    for metrics in defined:
        for name, metric in metrics.items():
            if name not in METRICS:
                found.setdefault(name, metric.as_metric(name))
    return found
