"""The scenarios in which variants of one image are tried and measured."""

from __future__ import annotations

import copy
import dataclasses
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.core.errors import UsageError
from bench.scenario.loading.load import scenario_from_tree
from bench.scenario.source import BuildSource
from bench.standard.checklist import load_checklist

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.scenario.loading.load import LoadedScenario

_CHECKLIST = "cloud-native"
_WITH_MEMORY = "CI-7"
"""The one rule that is kept: its trials without limits are those in which memory is compared."""


@dataclass(frozen=True)
class Basis:
    """How every variant is run.

    Attributes:
        loaded: the scenario that it comes from.
        case_id: the case in it.
        repeat: trials of each variant; as the scenario says where None.
    """

    loaded: LoadedScenario
    case_id: str
    repeat: int | None = None

    @property
    def case(self) -> dict[str, Any]:
        """The case as it is in the file, with the defaults in it."""
        case: dict[str, Any] = copy.deepcopy(self.loaded.tree["cases"][self.case_id])
        return case

    @property
    def build(self) -> dict[str, Any]:
        """What it says of its build; the context alone may stand for it."""
        build = self.case["build"]
        return {"context": build} if isinstance(build, str) else build

    @property
    def context(self) -> Path:
        """The folder from which its image is built."""
        return self.loaded.folder / str(self.build["context"])

    def scenario(
        self, name: str, builds: Mapping[str, dict[str, Any]], *, judged: bool, **keys: Any
    ) -> LoadedScenario:
        """A scenario with one case for each variant.

        Args:
            name: of the scenario.
            builds: where each variant is built from, by the id of its case.
            judged: whether thresholds and memory count.
            keys: keys of every case that say otherwise than the scenario.
        """
        case = self.case
        for key in ("expect", "dockerfile", "patch", "ladder", "replicas"):
            case.pop(key, None)
        kept = {
            key: value
            for key, value in self.build.items()
            if key not in ("context", "dockerfile", "dockerfile_inline", "rebuild_after")
        }
        keys = ({"repeat": self.repeat} if self.repeat else {}) | keys
        left_out = ("cases", "compare", "answer", "checks", "checklist", "defaults", "thresholds")
        tree = {
            key: value
            for key, value in self.loaded.tree.items()
            if key not in left_out and not key.startswith("x-")
        }
        tree |= {
            "name": name,
            "cases": {
                key: {**copy.deepcopy(case), "build": {**kept, **build}, **keys}
                for key, build in builds.items()
            },
        }
        if judged:
            tree |= {
                "thresholds": copy.deepcopy(self.loaded.tree.get("thresholds") or {}),
                "checklist": _CHECKLIST,
                "checks": {rule: "off" for rule in _rules(self.loaded) if rule != _WITH_MEMORY},
            }
        else:  # whether it gets ready at all can be told on a busy host too
            tree |= {"max_other_load": "any", "max_steal": "any"}
        loaded = scenario_from_tree(tree, str(self.loaded.path), folder=self.loaded.folder)
        return dataclasses.replace(loaded, path=self.loaded.path)


def _rules(loaded: LoadedScenario) -> list[str]:
    return [rule.id for rule in load_checklist(_CHECKLIST, loaded.folder).rules]


def basis_of(loaded: LoadedScenario, case_id: str, repeat: int | None) -> Basis:
    """The case of a scenario as a basis.

    Raises:
        UsageError: there is no such case, or it is not built from a Dockerfile.
    """
    cases = loaded.scenario.cases
    if not case_id and len(cases) == 1:
        (case_id,) = cases
    if case_id not in cases:
        raise UsageError(
            f"--case {case_id}" if case_id else "--case",
            f"{loaded.path} has no such case" if case_id else f"{loaded.path} has several cases",
            f"name one of {', '.join(cases)}",
        )
    source = cases[case_id].source
    if not isinstance(source, BuildSource) or source.build.dockerfile_inline:
        raise UsageError(f"{loaded.path}: {case_id}", "is not built from a Dockerfile")
    return Basis(loaded, case_id, repeat)


def with_whole_paths(tree: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A scenario's tree whose relative paths hold from everywhere."""

    def whole(path: str) -> str:
        return path if "://" in path else str((folder / path).resolve())

    def of_container(given: dict[str, Any]) -> dict[str, Any]:
        found = dict(given)
        if isinstance(found.get("build"), str):
            found["build"] = whole(found["build"])
        elif found.get("build"):
            found["build"] = found["build"] | {"context": whole(found["build"]["context"])}
        if "env_file" in found:
            found["env_file"] = _each(found["env_file"], whole)
        if "volumes" in found:
            found["volumes"] = [
                whole(it.partition(":")[0]) + "".join(it.partition(":")[1:])
                if isinstance(it, str) and it.startswith(".")
                else it
                for it in found["volumes"]
            ]
        return found

    found = copy.deepcopy(dict(tree))
    for key in ("services", "cases"):
        found |= {key: {name: of_container(it) for name, it in (found.get(key) or {}).items()}}
    return {key: value for key, value in found.items() if value != {}}


def _each(paths: Any, change: Callable[[str], str]) -> Any:
    """Paths that are one, or a list, or a list of mappings with `path`."""
    if isinstance(paths, str):
        return change(paths)
    return [
        it | {"path": change(it["path"])} if isinstance(it, dict) else change(it) for it in paths
    ]


def as_yaml(tree: Mapping[str, Any]) -> str:
    """A scenario's tree as a file, in which a dollar sign is a dollar sign."""
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import LiteralScalarString

    def shown(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shown(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [shown(one) for one in value]
        if isinstance(value, str):
            text = value.replace("$", "$$")
            return LiteralScalarString(text) if "\n" in text and "\r" not in text else text
        return value

    buffer = io.StringIO()
    YAML().dump(shown(dict(tree)), buffer)
    return buffer.getvalue()
