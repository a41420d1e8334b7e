"""What a stack asks of the engine and its host is looked for before anything is pulled."""

from __future__ import annotations

import dataclasses

import pytest

from bench.core.errors import EngineError, HostError
from bench.trial.stack.demands import check_demands
from tests.compose.files import stack
from tests.fakes import FACTS

HERE = dataclasses.replace(FACTS, is_local=True, runtimes=("runc", "nvidia"))


def test_a_runtime_that_the_engine_has_is_asked_for(tmp_path):
    check_demands(stack(tmp_path, "services: {web: {image: a, runtime: nvidia}}"), HERE)


def test_a_runtime_that_it_has_not_is_named_with_those_that_it_has(tmp_path):
    with pytest.raises(EngineError, match=r"none of this name; it has nvidia, runc") as raised:
        check_demands(stack(tmp_path, "services: {web: {image: a, runtime: habana}}"), HERE)
    assert raised.value.subject == "web: runtime habana"


def test_a_device_that_the_host_has_not_is_named(tmp_path):
    found = stack(tmp_path, "services: {web: {image: a, devices: [/dev/null, /dev/nope]}}")
    with pytest.raises(HostError) as raised:
        check_demands(found, HERE)
    assert raised.value.subject == "web: device /dev/nope"


def test_what_an_engine_elsewhere_has_is_for_it_to_say(tmp_path):
    found = stack(tmp_path, "services: {web: {image: a, devices: [/dev/nope], runtime: x}}")
    check_demands(found, dataclasses.replace(FACTS, is_local=False))


def test_a_core_that_the_host_has_not_is_named(tmp_path):
    found = stack(tmp_path, "services: {web: {image: a, cpuset: '0,7'}}")
    with pytest.raises(HostError, match="has cores 0-1") as raised:
        check_demands(found, dataclasses.replace(HERE, cpus=2))
    assert raised.value.subject == "web: cpuset 0,7"
    check_demands(found, dataclasses.replace(HERE, cpus=8))
