"""Compose files: what of the Compose specification bench can measure, and reading it as it is.

`bench.scenario.loading.compose_file` puts it together; what comes out is a `Stack` (see `stack`).
Every key of a file is either honoured, named as ignored because it changes no figure, or refused
with its line: see `unsupported_keys`. The keys of containers and builds that a scenario shares with
Compose are in `container_keys` and `build_keys`. Nothing here talks to an engine.
"""
