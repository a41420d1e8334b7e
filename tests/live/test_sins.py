"""An image with twelve planted faults: the report names the line of each, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.judge.fixes import fixes
from bench.report.sections.dockerfile_findings import dockerfile_findings, measured_of
from bench.report.sections.dockerfile_lines import costs_by_case
from tests.live import engines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.conftest import Bench

pytestmark = [
    pytest.mark.engine,
    engines.own_builder,
]

MIB = 2**20
SCENARIO = """
version: 1
name: sins
cases:
  sinner:
    build: {context: web}
    repeat: 2
    ready: {http: {port: 8080, path: /healthz}, interval: 5ms, timeout: 60s}
    observe: 0s
    stop_grace_period: 1s
"""
DOCKERFILE = """\
FROM BUSYBOX
ENV API_TOKEN=hunter2-hunter2
COPY . /srv
COPY .env /etc/app.env
RUN chown -R 1000:1000 /srv
RUN chmod -R 700 /srv
ADD tool.sh /tool.sh
COPY blob /opt/blob
RUN rm /opt/blob
RUN mkdir -p /root/.cache/pip && dd if=/dev/urandom of=/root/.cache/pip/x bs=1048576 count=5
CMD ["sleep", "60"]
CMD wget -T 1 -O /tmp/x http://198.51.100.1/x; httpd -f -p 8080 -h /www
"""
FOUND = {
    "secret-in-env": 2,
    "missing-dockerignore": 3,
    "secret-file-copied": 4,
    "late-chown": 5,
    "chmod-in-later-layer": 6,
    "add-of-files": 7,
    "deleted-in-later-layer": 9,
    "several-commands": 11,
    "download-at-start": 12,
    "shell-wrapper": 12,
    "no-user": 1,
}
"""Rule → line; the twelfth, the cache in line 10, no rule can see: it is found in the layer."""


def planted(folder: Path, busybox: str) -> None:
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "pack").write_bytes(bytes(range(256)) * (3 * MIB // 256))
    (folder / "blob").write_bytes(b"\x07" * (2 * MIB))
    (folder / ".env").write_text("TOKEN=x\n")
    (folder / "tool.sh").write_text("true\n")
    (folder / "Dockerfile").write_text(DOCKERFILE.replace("BUSYBOX", busybox))


def test_each_is_found_in_its_line_with_its_cost(bench: Bench, busybox: str):
    planted(bench.folder / "web", busybox)
    done = bench("run", bench.scenario(SCENARIO), "--progress", "quiet")
    assert "Traceback" not in done.stderr
    run = bench.latest()
    section = dockerfile_findings(run)
    assert section is not None
    rows = {row[2]: row for row in section.rows}
    assert {rule: int(rows[rule][1]) for rule in FOUND} == FOUND
    costs = costs_by_case(run)["sinner"]
    assert costs.untied == ()
    size = {cost.instruction.line: cost.unpacked_bytes for cost in costs.lines}
    copied = sum(
        path.stat().st_size for path in (bench.folder / "web").rglob("*") if path.is_file()
    )
    assert size[3] == copied
    assert (size[5], size[6]) == (copied, copied)  # once more, for the owner, and for the mode
    assert (size[8], size[9], size[10]) == (2 * MIB, 0, 5 * MIB)
    assert all(cost.start_s is not None for cost in costs.lines)
    assert "2 of 2" in rows["shell-wrapper"][4]  # stops, killed after the grace period
    assert "before it was ready" in rows["download-at-start"][4]
    mends = {fix.line: fix for fix in fixes(measured_of(run, "sinner", costs))}
    assert mends[10].size_bytes == 5 * MIB
    assert "cache of pip" in mends[10].what
    assert "FIX NEXT" in done.stdout
    assert "hunter2" not in (run.folder / "events.jsonl").read_text()
