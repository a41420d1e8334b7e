"""The files that a real container opens until it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.journal.facts.opened import OpenedFiles
from bench.report.sections.opened_files import opened_files_section, opened_of
from tests.live import engines

if TYPE_CHECKING:
    from tests.live.conftest import Bench

pytestmark = [
    pytest.mark.engine,
    engines.own_builder,
]

MIB = 2**20
SCENARIO = """
version: 1
name: opened
checklist: cloud-native
cases:
  reader:
    build: {context: web}
    repeat: 1
    cache: image
    ready: {http: {port: 8080, path: /healthz}, interval: 5ms, timeout: 60s}
    observe: 0s
    stop_grace_period: 1s
"""
DOCKERFILE = """\
FROM BUSYBOX
COPY used /data/used
COPY unused later /data/
CMD cat /data/used > /dev/null; sleep 0.3; cat /www/healthz; exec httpd -f -p 8080 -h /www
"""


def test_what_was_opened_is_told_by_layer_and_by_time(bench: Bench, busybox: str):
    web = bench.folder / "web"
    web.mkdir()
    (web / "used").write_bytes(b"\x01" * MIB)
    (web / "unused").write_bytes(b"\x02" * 2 * MIB)
    (web / "later").write_bytes(b"\x03" * 3 * MIB)
    (web / "Dockerfile").write_text(DOCKERFILE.replace("BUSYBOX", busybox))
    done = bench("run", bench.scenario(SCENARIO), "--progress", "quiet")
    assert "Traceback" not in done.stderr
    run = bench.latest()
    found = opened_of(run, "reader")
    assert isinstance(found, OpenedFiles), opened_files_section(run)
    base, used, rest = found.layers
    assert (used.size_bytes, used.opened_bytes) == (MIB, MIB)
    assert (rest.size_bytes, rest.opened_bytes) == (5 * MIB, 0)
    assert 0 < base.opened_bytes <= base.size_bytes
    times = {group.name: group.seconds for group in found.groups}
    assert times["/bin"] > 0.2, "sleep is the last file that was opened before it slept"
    section = opened_files_section(run)
    assert section is not None
    assert section.rows[0][0] == "reader"
    seen = {it.key.arm for it in run.results if it.facts.opened is not None}
    assert seen == {"need"}, "in the trials without limits alone"
