"""Judgement: statistics, the standard's rows, verdicts against limits, comparisons. All pure.

`stats` knows nothing of containers. `checklist` reads a standard from its data file; `rows`
sets a scenario's own thresholds and checks over it. `evidence` picks the trials that a row is
judged on, `aggregates` decides values against a limit, `checks` holds the judgements that are
more than one limit, and `verdicts` puts them together. `compare` sets two cases side by side:
`difference` decides for one metric, by `rank_test`, its interval in `ratio`, the correction for
all metrics in `together` and the host's `noise`; `regression` says what comes of it.
"""
