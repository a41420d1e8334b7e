"""Which images could not be had, and by whose fault."""

from __future__ import annotations

import pytest

from bench.results.run import load_run
from tests.journals import events, write_events


@pytest.mark.parametrize(
    ("said", "faultless"),
    [({}, set()), ({"status": "failed"}, set()), ({"status": "error"}, {"bad"})],
)
def test_an_image_that_an_engine_could_not_make_is_not_to_blame(tmp_path, said, faultless):
    found = [event for event in events() if "trial_id" not in event]
    found = [it for it in found if it.get("case") != "bad" and it["event"] != "run_ended"]
    failed = {"event": "image_failed", "role": "case", "case": "bad", "reason": "x", "log_tail": []}
    found.insert(2, failed | said)
    run = load_run(write_events(tmp_path, found))
    assert run.failed_images == {"bad": "x"}
    assert run.faultless_images == faultless
