"""Reading scenario files: every fault at once, each with its place.

```
text -> nodes -> without x- -> --set -> ${VAR} -> defaults merged -> matrix expanded -> tree
     -> Scenario
```

A ladder becomes a tree of its own, beside this one: see `LoadedScenario.of_ladder`.

The Compose files that its cases name are read with it; see `bench.compose`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bench.core.errors import ScenarioError, UsageError
from bench.scenario.loading.checks import check
from bench.scenario.loading.hints import remarks
from bench.scenario.loading.ladder import ladder_root
from bench.scenario.loading.matrix import expand_matrices
from bench.scenario.loading.merge import merge_defaults
from bench.scenario.loading.overrides import apply_override
from bench.scenario.loading.resolve import with_environments, with_variables, without_extensions
from bench.scenario.loading.stacks import stacks_of
from bench.scenario.loading.wording import reworded
from bench.scenario.model import Case, Scenario
from bench.scenario.redact import redacted
from bench.yamldoc.env_file import read_env_files
from bench.yamldoc.nodes import Map, Node, Scalar, find_key, value_of
from bench.yamldoc.parse import fatal, parse_yaml
from bench.yamldoc.source import Source, decode, read_source
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.compose.stack import Stack
    from bench.core.errors import Diagnostic
    from bench.yamldoc.source import Place


_OF_COMPOSE = frozenset({"services", "include"})


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario that was read and found good.

    Attributes:
        scenario: what it says.
        path: the file, or the name given to a text.
        folder: what relative paths in it start from.
        tree: the same in the form of the file, with variables replaced, the defaults merged
            into each case and overrides applied; sizes and times keep their units. Validating
            it gives an equal scenario again. It may hold secrets: see `redact`.
        stacks: what the Compose files of its cases describe, by case.
    """

    scenario: Scenario
    path: Path
    folder: Path
    tree: dict[str, Any] = field(repr=False)
    _root: Map = field(repr=False, compare=False)
    stacks: Mapping[str, Stack] = field(repr=False, compare=False)
    _ladder: Map | None = field(default=None, repr=False, compare=False)

    def of_ladder(self) -> LoadedScenario:
        """The scenario that measures the rungs of its ladder, and judges nothing but their start.

        Raises:
            UsageError: it has no ladder.
        """
        if self._ladder is None:
            advice = "name the case to begin at and its changes under `ladder`: see docs/ladder.md"
            raise UsageError(str(self.path), "has no `ladder`", advice)
        tree = value_of(self._ladder)
        scenario = Scenario.model_validate(tree)
        return replace(self, scenario=scenario, tree=tree, stacks={}, _root=self._ladder)

    @property
    def warnings(self) -> list[Diagnostic]:
        """Warnings before a run, of its Compose files too, each once."""
        found = list(remarks(self.scenario, self.position))
        found += [warning for name in self.scenario.cases for warning in self._warnings_of(name)]
        return list(dict.fromkeys(found))

    def _warnings_of(self, case: str) -> tuple[Diagnostic, ...]:
        stack = self.stacks.get(case)
        return stack.warnings if stack else ()

    def position(self, dotted: str) -> Place | None:
        """Where the key was written that `dotted` leads to; None where it was not.

        What a case took from the defaults is found there, what `--set` gave in its text (see
        the place's `source`). Names may themselves contain dots.
        """
        return find_key(self._root, dotted)


def load_scenario(
    path: Path, *, overrides: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> LoadedScenario:
    """The scenario in the file at `path`.

    Args:
        path: a YAML file; relative paths in it start from its folder.
        overrides: texts of the form `path=value`, as `--set` takes them.
        environ: what `${VAR}` is taken from; this process's environment where None.

    Raises:
        ScenarioError: anything is wrong with it; carries all faults, sorted by place.
    """
    variables = os.environ if environ is None else environ
    return _load(read_source(path), path, path.parent, overrides, variables)


def load_scenarios(
    paths: Iterable[Path],
    *,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> list[LoadedScenario]:
    """The scenarios in several files; arguments as for `load_scenario`.

    Raises:
        ScenarioError: anything is wrong with any of them; carries the faults of all files.
    """
    loaded, faults = [], []
    for path in paths:
        try:
            loaded.append(load_scenario(path, overrides=overrides, environ=environ))
        except ScenarioError as error:
            faults += error.diagnostics
    if faults:
        raise ScenarioError(faults)
    return loaded


def parse_scenario_text(
    text: str,
    name: str,
    *,
    folder: Path = Path(),
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> LoadedScenario:
    """The scenario in `text`, which messages call `name`; otherwise as `load_scenario`.

    Args:
        text: the YAML.
        name: what stands for the file in messages.
        folder: what relative paths in it start from.
        overrides: as for `load_scenario`.
        environ: as for `load_scenario`.

    Raises:
        ScenarioError: anything is wrong with it; carries all faults, sorted by place.
    """
    source = decode(text.encode("utf-8", "surrogatepass"), name)
    variables = os.environ if environ is None else environ
    return _load(source, Path(name), folder, overrides, variables)


def scenario_from_tree(tree: dict[str, Any], name: str, *, folder: Path = Path()) -> LoadedScenario:
    """The scenario whose `LoadedScenario.tree` was `tree`, as a journal keeps it.

    Its dollar signs are dollar signs: the variables were replaced when it was first read.

    Raises:
        ScenarioError: it is no such tree, or something that it needs is gone.
    """
    import json

    text = json.dumps(tree, indent=1, ensure_ascii=False)
    source = decode(text.encode("utf-8", "surrogatepass"), name)
    return _load(source, Path(name), folder, (), None)


def _load(
    source: Source,
    path: Path,
    folder: Path,
    overrides: Sequence[str],
    environ: Mapping[str, str] | None,
) -> LoadedScenario:
    faults: list[Diagnostic] = []
    try:
        root = _resolved(source, overrides, environ, faults)
        _known_version(root)
        defaults = root.get("defaults")
        merged = with_environments(expand_matrices(merge_defaults(root), faults), faults)
    except ScenarioError as error:
        raise ScenarioError(_sorted([*faults, *error.diagnostics], source)) from None
    if defaults is not None:
        faults += _defaults_faults(root, defaults)
    tree = value_of(merged)
    scenario, unexplained = None, ""
    try:
        scenario = Scenario.model_validate(tree)
    except ValidationError as error:
        faults += reworded(error, merged, Scenario)
        unexplained = error.errors()[0]["msg"]
    faults += check(merged, folder)
    ladder = None
    if scenario is not None and scenario.ladder is not None and not faults:
        ladder = _checked_ladder(merged, folder, faults)
        merged = merged.replace({"ladder": None})
        tree = value_of(merged)
        scenario = Scenario.model_validate(tree)
    stacks = {} if scenario is None else stacks_of(scenario, merged, folder, environ, faults)
    if scenario is None and not faults:
        faults.append(source.at(1, 1).diagnostic(unexplained))
    if faults or scenario is None:
        raise ScenarioError(_sorted(faults, source))
    return LoadedScenario(scenario, path, folder, tree, merged, stacks, ladder)


def _checked_ladder(root: Map, folder: Path, faults: list[Diagnostic]) -> Map | None:
    """The tree of the scenario's ladder, whose cases are checked as any other."""
    ladder = ladder_root(root, folder, faults)
    if ladder is None:
        return None
    try:
        Scenario.model_validate(value_of(ladder))
    except ValidationError as error:
        faults += reworded(error, ladder, Scenario)
    faults += check(ladder, folder)
    return ladder


def _resolved(
    source: Source,
    overrides: Sequence[str],
    environ: Mapping[str, str] | None,
    faults: list[Diagnostic],
) -> Map:
    """The tree of `source` as it is meant, but with `defaults` still apart.

    Variables stay as they are written where `environ` is None.
    """
    node, found = parse_yaml(source)
    faults += found
    if node is None or (isinstance(node, Scalar) and node.value is None):
        fatal(source.at(1, 1), "the file is empty", "begin with `version: 1` and `name: …`")
    if not isinstance(node, Map):
        what = shown(value_of(node))
        fatal(node.place, f"{what} where a mapping is expected", "begin with `version: 1`")
    if _is_compose(node):
        fault = "this is a Compose file, not a scenario"
        fatal(node.place, fault, f"measure it with `bench run --compose {source.name}`")
    root = without_extensions(node)
    for override in overrides:
        root = apply_override(root, override, faults)
    if environ is not None:
        root = with_variables(root, environ, faults)
    return with_environments(root, faults)


def _is_compose(root: Map) -> bool:
    """Whether it has the keys of a Compose file, and those of no scenario."""
    version = root.get("version")
    is_ours = isinstance(version, Scalar) and version.value == 1
    return not is_ours and "cases" not in root.entries and bool(_OF_COMPOSE & set(root.entries))


def _known_version(root: Map) -> None:
    """Stop at a version that is not known: nothing else could be said with certainty."""
    version = root.get("version")
    if isinstance(version, Scalar) and version.value is not None:
        if type(version.value) is int and version.value == 1:
            return
        written = isinstance(version.value, str) and version.value.strip() == "1"
        fatal(
            version.place,
            f"{shown(version.value)} is not a version of this format",
            "write 1 without quotes" if written else "known is: 1",
        )


def _defaults_faults(root: Map, defaults: Node) -> list[Diagnostic]:
    """Faults in the defaults, found even where no case uses them."""
    place = root.entries["defaults"].place
    if isinstance(defaults, Scalar) and defaults.value is None:
        return [place.diagnostic("`defaults` has no value", "write some, or leave the key out")]
    if not isinstance(defaults, Map):
        fault = f"`defaults`: {shown(value_of(defaults))} is not a mapping"
        return [defaults.place.diagnostic(fault, "write what all cases share, such as `repeat: 6`")]
    alone = defaults.replace({"matrix": None})
    try:
        Case.model_validate(value_of(alone))
    except ValidationError as error:
        return reworded(error, alone, Case, partial=True)
    return []


def _sorted(faults: Iterable[Diagnostic], source: Source) -> list[Diagnostic]:
    """`faults` by place, each once: what defaults give to three cases is wrong in one place."""
    once = dict.fromkeys(faults)
    return sorted(
        once,
        key=lambda diagnostic: (
            diagnostic.file != source.name,
            diagnostic.file,
            diagnostic.line,
            diagnostic.col,
        ),
    )


__all__ = [
    "LoadedScenario",
    "load_scenario",
    "load_scenarios",
    "parse_scenario_text",
    "read_env_files",
    "redacted",
    "scenario_from_tree",
]
