"""The data files: columns of the contract, strict values, whole files."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from bench.core.atomic import replacing, write_text
from bench.core.errors import StoreError
from bench.core.metrics import METRICS, Scope
from bench.journal.facts.comparison import Comparison
from bench.judge.model import Verdict
from bench.results import export
from bench.results.frames import trials_table

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "bench" / "results" / "run.v2.schema.json").read_text())

# These are written out here, and not taken from the code, because scripts rely on them.
TRIAL_KEYS = "trial_id case service replica round attempt cache arm network warmup status reason"
PHASES = "trial_id case round phase start_s end_s clock resolution_s"
LAYERS = (
    "trial_id case round index digest instruction transfer_bytes unpacked_bytes queue_s "
    "download_s hold_s extract_s status announced_s"
)
SAMPLES = "trial_id case round t_s method"
RUN = (
    "schema_version run_id name scenario host engine link builder cases verdicts comparisons "
    "exit_code"
)
VERDICT = "case id metric over arm cache limit actual n interval verdict severity expected reason"
BESIDE = {"required", "title", "remedy", "resolution", "unit"}


@pytest.fixture(scope="module")
def document(run):
    return export.run_document(run)


@pytest.fixture
def written(run, tmp_path):
    export.write_json(run, tmp_path)
    export.write_tables(run, tmp_path)
    export.write_samples(run, tmp_path)
    return tmp_path


def header(path: Path) -> str:
    """The column names, with spaces between."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return " ".join(next(csv.reader([text.partition("\n")[0]])))


def test_the_columns_are_those_of_the_contract_in_their_order(written):
    metrics = [name for name, one in METRICS.items() if one.scope is Scope.TRIAL]
    assert header(written / "trials.csv") == " ".join([TRIAL_KEYS, *metrics, "replicas"])
    assert header(written / "phases.csv") == PHASES
    assert header(written / "layers.csv") == LAYERS
    assert header(written / "samples.csv.gz").startswith(f"{SAMPLES} ")


def test_tables_read_back_as_the_frames_that_load_run_gives(run, written):
    for name, frame in (("trials", run.trials), ("phases", run.phases), ("layers", run.layers)):
        read = pd.read_csv(written / f"{name}.csv", keep_default_na=False, na_values=[""])
        assert list(read.columns) == list(frame.columns)
        for column in frame.columns:
            if frame[column].dtype == "float64":
                expected = frame[column].round(9).to_numpy()
                np.testing.assert_allclose(read[column].to_numpy(float), expected, rtol=0)
            else:
                texts = ["" if pd.isna(one) else str(one) for one in read[column].tolist()]
                assert texts == [str(one) for one in frame[column]]


def test_samples_read_back_as_the_frame(run, written):
    read = pd.read_csv(written / "samples.csv.gz")
    frame = run.samples
    assert list(read.columns) == list(frame.columns)
    assert len(read) == len(frame) > 1000
    for column in frame.columns[5:]:
        np.testing.assert_array_equal(read[column].to_numpy(float), frame[column].to_numpy(float))
    np.testing.assert_allclose(read["t_s"], frame["t_s"], atol=1e-9)


def test_what_was_not_measured_is_an_empty_field_and_counts_have_no_point(written):
    rows = list(csv.DictReader((written / "trials.csv").read_text().splitlines()))
    assert rows[0]["gpu_energy_j"] == ""
    assert rows[0]["oom_kills"] == "0"
    assert rows[0]["exit_code"] == "143"
    assert rows[0]["memory_peak_bytes"].isdigit()
    assert {row["pull_s"] for row in rows if row["cache"] != "cold"} == {""}


def test_cells_with_commas_and_line_ends_survive(run):
    trial = replace(run.results[0], reason='a,"b"\nc', trial_id="t,1")
    (row,) = csv.DictReader(io.StringIO(export.csv_text(trials_table([trial]))))
    assert row["reason"] == 'a,"b"\nc'
    assert row["trial_id"] == "t,1"


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    first = export.write_samples(run, tmp_path).read_bytes()
    assert export.write_samples(run, tmp_path).read_bytes() == first
    assert first[4:8] == bytes(4), "gzip's time stamp is zero"


def test_run_json_has_the_keys_of_the_contract_in_their_order(document):
    assert [key for key in document if key in RUN.split()] == RUN.split()
    for verdict in document["verdicts"]:
        assert [key for key in verdict if key in VERDICT.split()] == VERDICT.split()
        assert set(verdict) == {*VERDICT.split(), *BESIDE}


def test_run_json_fits_its_published_schema(document):
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    validator.check_schema(SCHEMA)
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_schema_names_every_field_in_its_order(document):
    assert SCHEMA["required"] == list(document)
    assert SCHEMA["$defs"]["verdict"]["required"] == [one.name for one in fields(Verdict)]
    assert SCHEMA["$defs"]["comparison"]["required"] == [one.name for one in fields(Comparison)]


def test_run_json_has_neither_nan_nor_infinity(run):
    spoilt = run.verdicts[0], replace(run.verdicts[1], actual=math.inf, resolution=math.nan)
    text = json.dumps(export._strict([vars(one) for one in spoilt]), allow_nan=False)
    assert json.loads(text)[1]["actual"] is None
    assert "NaN" not in export.run_json(run)
    assert "Infinity" not in export.run_json(run)


def test_the_scenario_in_run_json_names_the_digest_of_each_image(run, document):
    for case in ("bad", "good"):
        assert document["scenario"]["cases"][case]["x-digest"] == run.images[case].digest
    assert "x-digest" not in run.header.scenario["cases"]["bad"]


def test_each_case_says_what_its_trials_amount_to(document):
    bad = document["cases"]["bad"]
    assert (bad["verdict"], bad["as_expected"]) == ("fail", True)
    assert bad["trials"] == {"ok": 10, "failed": 1}
    (startup,) = [
        one for one in bad["summary"] if one["metric"] == "startup_s" and one["arm"] == "fit"
    ]
    assert startup["n"] == 5
    assert startup["low"] <= startup["median"] <= startup["high"]
    assert startup["interval"] is None, "five trials have no interval"
    good = document["cases"]["good"]["summary"]
    assert next(one for one in good if one["metric"] == "startup_s")["interval"]["low"] > 0


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    path = write_text(tmp_path / "run.json", "old")

    def fail() -> None:
        with replacing(path) as partial:
            partial.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"):
        fail()
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]


BIG = """
import re, sys, time
from pathlib import Path
begun = time.monotonic()
from bench.results.run import load_run
from bench.report.formats import write_reports
from bench.results.run import load_run
run = load_run(sys.argv[1])
assert len(run.results) >= 1000
assert sum(len(one["t_ns"]) for one in run.sample_columns if one) >= 1_000_000
loaded = time.monotonic()
write_reports(run)
# not ru_maxrss: that begins with what the process that started this one had
peak_kib = re.search("VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())[1]
print(peak_kib, loaded - begun, time.monotonic() - loaded)
"""


@pytest.mark.slow
@pytest.mark.slow
def test_a_thousand_trials_and_a_million_samples_fit_into_a_gibibyte(tmp_path):
    from tests.journals import Build, write_journal

    write_journal(tmp_path, Build(rounds=499, samples_each=1000, calibrate=False))
    done = subprocess.run(
        [sys.executable, "-c", BIG, str(tmp_path)],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    peak_kib = float(done.stdout.split()[0])
    assert peak_kib < 2**20
    assert (tmp_path / "index.html").stat().st_size < 1_000_000
    assert (tmp_path / "summary.md").stat().st_size < 1_000_000
