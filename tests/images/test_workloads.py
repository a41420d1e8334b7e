"""What the bundled workloads do apart from PyTorch, which these tests have not got."""

from __future__ import annotations

import importlib
import itertools
import json
import re
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.observe.excerpts import ExcerptSearch
from bench.observe.figures import FigureSearch
from bench.scenario.compose_service import as_case
from bench.scenario.loading.compose_file import load_stack
from bench.scenario.loading.load import load_scenario
from bench.scenario.model import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[2]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports `folder/module` of the images as its program does; they are forgotten afterwards."""
    before = set(sys.modules)

    def imported(name: str) -> ModuleType:
        folder, module = name.split("/")
        monkeypatch.syspath_prepend(ROOT / "images" / folder)
        return importlib.import_module(module)

    yield imported
    for name in set(sys.modules) - before:
        if str(ROOT / "images") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_the_data_are_the_same_each_time_and_have_every_class_equally_often(load: Any):
    data = load("cifar10/make_data")
    made = data.records("train.bin", 40)
    assert len(made) == 40 * 3073
    assert made == data.records("train.bin", 40)
    assert made != data.records("test.bin", 40)
    kinds = [made[place] for place in range(0, len(made), 3073)]
    assert sorted(kinds) == sorted([*range(10)] * 4)
    assert kinds != sorted(kinds)


@pytest.fixture
def address(load: Any) -> Iterator[str]:
    """A classifier that finds the class in the first byte of an image."""
    server = load("cifar10/serve").Server(lambda image: image[0], port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _answer(request: urllib.request.Request | str) -> tuple[int, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_classifier_answers_over_http(address: str):
    assert _answer(f"{address}/healthz") == (200, {"status": "ok"})
    image = bytes([7]) + bytes(3071)
    asked = urllib.request.Request(f"{address}/classify", data=image)
    assert _answer(asked) == (200, {"class": 7})


def test_the_classifier_refuses_what_is_no_image(address: str):
    assert _answer(urllib.request.Request(f"{address}/classify", data=b"short"))[0] == 400
    assert _answer(f"{address}/elsewhere")[0] == 404


def test_each_worker_has_a_model_a_device_and_a_port_of_its_own(load: Any):
    environment = load("ensemble/parent").environment
    given = [environment(number, {"OMP_NUM_THREADS": "1", "DIE_S": "2"}) for number in range(4)]
    for name in ("MODEL", "CUDA_VISIBLE_DEVICES", "PORT"):
        assert len({one[name] for one in given}) == 4
    assert [one.get("DIE_S") for one in given] == ["2", None, None, None]
    assert {one["OMP_NUM_THREADS"] for one in given} == {"1"}


ENSEMBLE = ROOT / "images" / "ensemble"


def test_each_of_four_containers_has_a_model_and_a_device_of_its_own_and_a_quarter_of_the_limits():
    stack = load_stack(ENSEMBLE / "compose.yaml", environ={})
    given = [one.environment for one in stack.members]
    for name in ("MODEL", "CUDA_VISIBLE_DEVICES"):
        assert [one[name] for one in given] == ["0", "1", "2", "3"]
    assert {one["OMP_NUM_THREADS"] for one in given} == {"1"}
    path = ROOT / "scenarios" / "ensemble.yaml"
    whole = load_scenario(path, environ={}).scenario.cases["together"].effective_limits
    assert sum(one.service.limits.cpus or 0 for one in stack.members) == whole.cpus
    assert sum(one.service.limits.memory or 0 for one in stack.members) == whole.memory


def test_of_four_containers_the_first_alone_is_killed():
    given = load_stack(
        ENSEMBLE / "compose.yaml", env_files=[ENSEMBLE / "killed.env"], environ={}
    ).members
    assert [one.environment.get("DIE_S") for one in given] == ["1", None, None, None]


def test_four_containers_can_be_given_graphics_cards():
    outer = Case.model_validate({"image": "any", "ready": {"exit": True}})
    stack = load_stack(ENSEMBLE / "gpus.compose.yaml", environ={})
    cases = [as_case(one, outer, outer.ready) for one in stack.members]
    wanted = [one.deploy.resources.reservations for one in cases]
    assert [[device.count for device in one.devices] for one in wanted if one] == [["all"]] * 4
    assert [one.environment["CUDA_VISIBLE_DEVICES"] for one in cases] == ["0", "1", "2", "3"]
    assert (
        load_scenario(
            ROOT / "scenarios" / "ensemble.yaml",
            overrides=["cases.together.gpus=all"],
            environ={},
        )
        .scenario.cases["together"]
        .gpus
        == "all"
    )


def test_a_worker_takes_its_model_by_number_or_from_its_host(load: Any):
    configuration = load("ensemble/configurations").configuration
    assert configuration("2", "any") == 2
    chosen = {configuration("auto", f"host-{number}") for number in range(100)}
    assert chosen == {0, 1, 2, 3}


def test_messages_are_found_again(load: Any, tmp_path: Path):
    history = load("storyteller/history")
    place = tmp_path / "data" / "messages.jsonl"
    assert history.read(place) == []
    history.add(place, {"role": "user", "content": "Once\nupon"})
    history.add(place, {"role": "assistant", "content": "a time"})
    assert [one["content"] for one in history.read(place)] == ["Once\nupon", "a time"]


def test_the_pace_of_an_answer_leaves_the_first_token_apart(load: Any):
    stamps = itertools.chain([10.0], (10.5 + 0.1 * number for number in range(11)))
    pace = load("storyteller/pace").Pace(clock=lambda: next(stamps))
    for _ in range(11):
        pace.token()
    assert pace.first_token_ms == 500
    assert pace.tokens_per_s == pytest.approx(10)


PRINTED = [
    '{"event": "training", "prepare_s": 31.2}',
    '{"epoch": 1, "epoch_s": 2.0, "epoch_peak_bytes": 300, "loss": 2.3}',
    '{"epoch": 2, "epoch_s": 1.0, "epoch_peak_bytes": 400, "loss": 2.1}',
    '{"accuracy_pct": 37.5}',
    "profile of 200 batches",
    "   73328 function calls in 0.661 seconds",
    "end of profile",
    '{"load_ms": 310.5, "first_inference_ms": 2.3}',
]
"""What train.py and serve.py print, shortened."""


def test_the_training_scenario_finds_all_that_it_looks_for():
    path = ROOT / "scenarios" / "cifar10-training.yaml"
    cases = load_scenario(path, environ={}).scenario.cases
    case = cases["found"]
    figures, excerpts = FigureSearch(case.metrics), ExcerptSearch(case.excerpts)
    for line in PRINTED:
        figures.take(line)
        excerpts.take(line)
    assert set(figures.facts()) == set(case.metrics)
    assert excerpts.facts()["profile"].lines == tuple(PRINTED[4:7])
    assert cases["development"].metrics == case.metrics


TOLD = (
    '{"history_messages": 0, "answer_s": 7.1, "first_token_ms": 61.5, "tokens_per_s": 18.2, '
    '"process_bytes": 900000000}'
)
"""What start.py prints."""


def test_the_storyteller_scenario_finds_all_that_it_looks_for():
    path = ROOT / "scenarios" / "storyteller.yaml"
    case = load_scenario(path, environ={}).scenario.cases["best"]
    figures = FigureSearch(case.metrics)
    figures.take(TOLD)
    assert set(figures.facts()) == set(case.metrics)


def test_a_story_counts_as_found_where_there_is_a_question_and_an_answer():
    path = ROOT / "scenarios" / "storyteller.yaml"
    use = load_scenario(path, environ={}).scenario.cases["history"].compose
    assert use is not None
    (pattern,) = [one.log.pattern for one in use.ready["story"].probes() if one.log]
    assert not re.search(pattern, TOLD)
    assert re.search(pattern, TOLD.replace('messages": 0', 'messages": 2'))
    assert not re.search(pattern, TOLD.replace('messages": 0', 'messages": 20'))
