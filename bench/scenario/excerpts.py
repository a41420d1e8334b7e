"""`excerpts:` of a case: parts of what its workload prints that are shown as they stand."""

from __future__ import annotations

from bench.yamldoc.values import Model, Pattern


class Excerpt(Model):
    """A part of the workload's output, from one line to another."""

    begin: Pattern
    """Regular expression that is found in its first line; the first such line of a trial counts."""
    end: Pattern
    """Regular expression that is found in its last line, which is a later one."""
