"""Whatever stands in a Compose file, reading it ends in a stack or in a ScenarioError."""

from __future__ import annotations

import contextlib
import copy
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from bench.compose.model import ComposeFile, Service
from bench.core.errors import ScenarioError
from bench.scenario.loading.compose_file import load_stack
from tests.compose.files import write

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "services": {"web": {"image": "nginx", "depends_on": ["llm"]}, "llm": {"image": "llm"}},
    "secrets": {"session-key": {"file": "session-key.txt"}},
}

JUNK: list[Any] = [
    None, True, -1, 3.5, 10**30, "", "x", "a:b:c:d", "a 'b", "${X", "$", "http://x", [], [None],
    [[]], [{}], {}, {"a": None}, {"a": {"b": 1}}, {"x": [1]}, ["a", "a"], ["=", "A="], {"file": 1},
    {"service": []}, {"service": "web"}, {"service": "llm", "file": "compose.yaml"}, [{"path": 1}],
    [{"type": "bind"}], [{"type": "tmpfs", "target": "/x", "source": "y"}], ["/a:/b:zz"],
    {"dockerfile_inline": "FROM x", "dockerfile": "y"}, {"test": ["CMD"], "interval": "x"},
    {"resources": {"limits": {"cpus": "x"}}}, [{"source": "session-key", "mode": "9"}],
]  # fmt: skip


def read(folder: Path, tree: Any) -> None:
    write(folder, "key", "session-key.txt")
    path = write(folder, json.dumps(tree))
    try:
        load_stack(path, environ={"POSTGRES_PASSWORD": "pw"})
    except ScenarioError as error:
        faults = error.diagnostics
    else:
        return
    assert faults
    assert all(one.message and one.line >= 1 for one in faults)


def test_the_file_is_good_before_it_is_spoilt(tmp_path):
    read(tmp_path, GOOD)
    assert load_stack(tmp_path / "compose.yaml", environ={"POSTGRES_PASSWORD": "pw"}).members


@pytest.mark.parametrize("key", [*Service.model_fields, "extends", "labels", "devices"])
def test_junk_in_a_service(tmp_path, key):
    for junk in JUNK:
        tree = copy.deepcopy(GOOD)
        tree["services"]["web"][key] = junk
        read(tmp_path, tree)


@pytest.mark.parametrize("key", [*ComposeFile.model_fields, "include", "x-note"])
def test_junk_at_the_top(tmp_path, key):
    for junk in JUNK:
        read(tmp_path, GOOD | {key: junk})


MANY = 1500
"""Services: were each compared with each, they would take minutes."""


@pytest.mark.parametrize(
    "service",
    [
        "{image: a}",
        "{image: a, ports: ['%d:80']}",
        "{image: a, ports: ['80:80']}",
        "{image: a, depends_on: [service%d]}",
        "{image: a, depends_on: [servcie%d]}",
        "{extends: servcie%d}",
        "{extends: service0}",
        "{image: a, links: ['service0:name%d']}",
        "{image: a, container_name: name%d, networks: [network%d]}",
    ],
)
def test_many_services_do_not_take_long(tmp_path, service):
    text = "services:\n  service0: {image: a}\n"
    for number in range(1, MANY):
        filled = service.replace("%d", str(number + (service.count("[service") and -1)))
        text += f"  service{number}: {filled}\n"
    text += "networks:\n"
    for number in range(MANY):
        subnet = f"10.{number // 250}.{number % 250}.0/24"
        text += f"  network{number}: {{ipam: {{config: [{{subnet: {subnet}}}]}}}}\n"
    path = write(tmp_path, text)
    began = time.process_time()
    with contextlib.suppress(ScenarioError):
        load_stack(path, environ={})
    assert time.process_time() - began < 15


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services: " + "[" * 5000, "nested more than"),
        ("services:\n" + "\n".join("  " * n + "a:" for n in range(1, 300)), "nested more than"),
        (
            "x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(f"x-{n}: &{n + 1} [{','.join(['*a'] * 9)}]\n" for n in range(1))
            + "".join(f"x-{n}: &{n + 1} [{','.join([f'*{n}'] * 9)}]\n" for n in range(1, 20))
            + "services: {a: {image: a}}\n",
            "more than 40000 values",
        ),
    ],
    ids=["brackets", "levels", "aliases of aliases"],
)
def test_what_is_deep_or_multiplies_itself_is_refused(tmp_path, text, message):
    with pytest.raises(ScenarioError) as raised:
        load_stack(write(tmp_path, text), environ={})
    assert message in raised.value.diagnostics[0].message
