"""Judgement: verdicts against limits and comparisons of cases, all of it pure.

`effective_rules` sets a scenario's own thresholds and checks over its checklist. `evidence` picks
the trials that a rule is judged on, `aggregates` decides values against a limit, `checks` holds the
judgements that are more than one limit, and `verdicts` puts them together. `compare` sets two cases
side by side and `regression` says what comes of it; both stand on `statistics`, which knows nothing
of containers.
"""
