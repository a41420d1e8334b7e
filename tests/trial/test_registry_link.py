"""The way from the registry to the engine: as it is, or shaped while the trials last."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.core.errors import EngineUnavailableError
from bench.trial.registry_link import RegistryRoute
from tests.fakes import FakeRuntime

OWN = "127.0.0.1:5591/quick/web@sha256:1"


class FakeLink:
    address = "10.87.255.254:5591"

    def __init__(self) -> None:
        self.laid: list[int] = []
        self.is_laid = False
        self.own_pids = {"registry": 1}
        self.pid: int | None = 77
        self.registry = SimpleNamespace(pid=lambda: self.pid)

    def serve(self) -> None:
        self.pid = 78

    @contextmanager
    def shaped(self, rate_bit_s: int):
        self.laid.append(rate_bit_s)
        self.is_laid = True
        yield
        self.is_laid = False


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


def way(link: FakeLink, rate_bit_s: int | None, *, is_exclusive: bool = True) -> RegistryRoute:
    private = SimpleNamespace(
        link=lambda: link,
        own_pids=lambda: dict(link.own_pids),
        access_log=lambda *, link: "log of the link" if link else "log of the registry",
    )
    registry = SimpleNamespace(address="127.0.0.1:5591")
    measuring = FakeRuntime()
    session: Any = SimpleNamespace(
        is_exclusive=is_exclusive, private=private, registry=registry, measuring=measuring
    )
    return RegistryRoute(cast("Any", session), rate_bit_s)


def test_without_a_rate_everything_is_left_as_it_is(link):
    plain = way(link, None)
    plain.check()
    with plain.laid():
        assert link.laid == []
    assert plain.reference(OWN) == OWN
    assert plain.pids() == {"registry": 1}
    assert str(plain.access_log()) == "log of the registry"
    assert plain.header() == {"rate_bit_s": None, "text": "loopback, not shaped"}


def test_with_one_pulls_go_over_the_link_while_it_is_laid(link):
    shaped = way(link, 200_000_000)
    shaped.check()
    with shaped.laid():
        assert link.is_laid
    assert not link.is_laid
    assert link.laid == [200_000_000]
    assert shaped.reference(OWN) == "10.87.255.254:5591/quick/web@sha256:1"
    assert shaped.pids() == {"registry": 1, "link": 77}
    assert str(shaped.access_log()) == "log of the link"
    assert shaped.header() == {"rate_bit_s": 200_000_000, "text": "200mbit"}


def test_an_image_from_its_own_registry_comes_from_there(link):
    assert way(link, 10**9).reference("docker.io/library/x@sha256:1").startswith("docker.io")


def test_somebodys_own_engine_has_no_link_of_ours(link):
    way(link, None, is_exclusive=False).check()
    with pytest.raises(EngineUnavailableError) as caught:
        way(link, 10**9, is_exclusive=False).check()
    assert "--engine private" in caught.value.remedy


def test_it_stands_as_long_as_the_registry_that_pulls_come_from_runs(link):
    plain, shaped = way(link, None), way(link, 10**9)
    assert plain.stands()
    link.pid = None
    assert plain.stands()
    assert not shaped.stands()
    plain.mend()
    assert not shaped.stands()
    shaped.mend()
    assert shaped.stands()
    link.own_pids = {}
    assert not plain.stands()
    assert shaped.stands()


def test_daemons_that_have_nothing_to_do_with_the_run_are_not_its_load(link):
    link.own_pids = {"registry": 1, "measuring": 2, "building": 3}
    assert way(link, None).pids() == link.own_pids
    assert way(link, None, is_exclusive=False).pids() == {"registry": 1}
