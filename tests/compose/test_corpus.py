"""Every key of the specification in each of its forms is read, or refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.core.errors import ScenarioError
from bench.scenario.loading.compose_file import load_stack
from tests.compose.corpus import ENVIRON, FILES, Sample, samples
from tests.compose.normal import folder_files, of_bench, of_compose
from tests.compose.oracle import config, plug_in

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = frozenset(
    {
        # nothing to run
        "services.image",
        # what bench cannot measure, or will not
        "services.credential_spec", "services.external_links", "services.models",
        "services.post_start", "services.pre_start", "services.pre_stop", "services.privileged",
        "services.provider", "services.use_api_socket",
        # mounts and drivers that are not of one host, or not of an engine alone
        "services.volumes", "networks", "volumes", "configs", "secrets",
        # builds
        "build.additional_contexts", "build.entitlements", "build.extra_hosts",
        "build.privileged", "build.shm_size", "build.ulimits",
    }
)  # fmt: skip
"""Keys of which a form may be refused."""

OTHERWISE = frozenset(
    {
        # the Compose of Debian 13 takes the quoted rights of a file for a decimal number
        "services.configs = [{source: conf, mode: '0440'}]",
        "services.secrets = [{source: cred, mode: '0400'}]",
        # and knows no order of starting for the volumes of another container
        "services.volumes_from = ['container:db-1']",
    }
)
"""Forms that bench reads otherwise than the Compose of Debian 13, as a later one does."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder_files(tmp_path, FILES)
    return tmp_path


def read(folder: Path, sample: Sample) -> dict[str, Any] | ScenarioError:
    path = folder / "compose.yaml"
    path.write_text(sample.text, encoding="utf-8")
    try:
        return of_bench(load_stack(path, environ=ENVIRON))
    except ScenarioError as error:
        return error


def test_every_form_is_read_or_refused_with_its_line_and_a_remedy(folder):
    refused = set()
    for sample in samples():
        found = read(folder, sample)
        if isinstance(found, ScenarioError):
            refused.add(sample.key)
            for one in found.diagnostics:
                assert one.line > 1, sample.name
                assert one.message, sample.name
                assert one.suggestion, sample.name
    assert refused == REFUSED


def test_what_a_service_needs_alone_is_judged(folder):
    first = {one.key: one for one in reversed(samples())}
    for sample in first.values():
        text = sample.text.replace("  web:\n", "  web:\n    profiles: [never]\n", 1)
        if sample.key == "services.profiles":
            continue
        (folder / "compose.yaml").write_text(text, encoding="utf-8")
        stack = load_stack(folder / "compose.yaml", environ=ENVIRON, services=["db"])
        assert [one.name for one in stack.members] == ["db"], sample.name


@pytest.mark.skipif(plug_in() is None, reason="there is no `docker compose` of version 2")
def test_every_form_is_read_as_compose_reads_it(folder):
    program = plug_in()
    assert program is not None
    compared = 0
    for sample in samples():
        found = read(folder, sample)
        wanted = config(program, [folder / "compose.yaml"], ENVIRON)
        if isinstance(found, ScenarioError) or wanted is None or sample.name in OTHERWISE:
            continue
        assert found == of_compose(wanted, ENVIRON), sample.name
        compared += 1
    assert compared > 500
