"""The source of a case says what cannot be had of it."""

from __future__ import annotations

import pytest

from bench.core.capability import Capability
from bench.scenario.model import Case
from bench.scenario.source import BuildSource, ComposeSource, ImageSource, ProcessSource

READY = {"exit": True}


@pytest.mark.parametrize(
    ("keys", "kind", "said", "lacking"),
    [
        ({"image": "nginx"}, ImageSource, "pull nginx", set()),
        ({"build": "app"}, BuildSource, "build Dockerfile", set()),
        (
            {"host": {"command": ["serve"]}},
            ProcessSource,
            "a process of this host",
            {Capability.IMAGE, Capability.PULL, Capability.CONTACTS, Capability.REPLICAS},
        ),
        (
            {"compose": "compose.yaml"},
            ComposeSource,
            "compose.yaml",
            {Capability.SINGLE, Capability.CONTACTS, Capability.REPLICAS},
        ),
    ],
)
def test_a_case_has_one_source(keys, kind, said, lacking):
    case = Case.model_validate(keys if "compose" in keys else keys | {"ready": READY})
    assert isinstance(case.source, kind)
    assert str(case.source) == said
    asked = {
        Capability.IMAGE, Capability.PULL, Capability.SINGLE, Capability.CONTACTS,
        Capability.REPLICAS,
    }  # fmt: skip
    assert {capability for capability in asked if case.lacks(capability)} == lacking
    assert case.source.missing
