"""`bench run`: its options, its exit codes, and what it loads."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner, Result

import bench.cli
from bench.cli.ad_hoc import scenario_for
from bench.cli.right_size import command as right_size
from bench.cli.run import command, worst
from bench.core.errors import BuildError, EngineUnavailableError, ScenarioError, UsageError
from bench.core.interrupts import Interrupted
from bench.journal.writer import FILE_NAME
from bench.results.listing import list_runs
from bench.runner.quiet import QuietHost
from bench.scenario.loading.load import parse_scenario_text
from tests.fakes import Script
from tests.trial.runs import FakeMaker, Runs, events, reference_of, trials

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.scenario.host_bounds import HostBounds

SCENARIO = """
version: 1
name: quick
defaults:
  repeat: 1
  ready: {log: "^up$", interval: 1ms, timeout: 10s}
  observe: 0s
cases:
  bad: {image: bad}
  good: {image: good}
compare: {baseline: bad, candidates: [good]}
"""

Invoke = "Callable[..., Result]"


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "quick.yaml"
    file.write_text(SCENARIO)
    return file


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])


def refusal(*arguments: object) -> UsageError:
    """The error that the options end in; nothing was run."""
    result = invoke(*arguments)
    assert isinstance(result.exception, UsageError), result.output
    return result.exception


# One exit code of several


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0], 0),
        ([0, 1], 1),
        ([1, 0], 1),
        ([1, 3, 0], 3),
        ([0, 3], 3),
        ([1, 130], 130),
        ([3, 143], 143),
        ([0, 1, 3, 130], 130),
    ],
)
def test_the_worst_of_several_scenarios_decides(codes, code):
    assert worst(codes, exit_zero=False) == code


@pytest.mark.parametrize(
    ("codes", "code"), [([1], 0), ([0, 1], 0), ([1, 3], 3), ([3], 3), ([1, 130], 130), ([143], 143)]
)
def test_exit_zero_masks_a_standard_that_was_not_met_and_nothing_else(codes, code):
    assert worst(codes, exit_zero=True) == code


# --image: a scenario without a file


def options(**changes: Any) -> dict[str, Any]:
    """The values of the options that go with --image."""
    names = ("http", "tcp", "log", "exec_", "timeout")
    limits = ("limit_memory", "limit_cpus", "limit_pids")
    return {**dict.fromkeys((*names, *limits)), "exit_": False, "images": ("nginx",),
            "dockerfiles": ()} | changes  # fmt: skip


def ad_hoc(**changes: Any):

    return scenario_for(options(**changes), []).scenario


@pytest.mark.parametrize(
    ("text", "port", "path"),
    [
        ("8080", 8080, "/"),
        (":8080", 8080, "/"),
        ("8080/", 8080, "/"),
        ("80/healthz?deep=1", 80, "/healthz?deep=1"),
    ],
)
def test_a_port_and_a_path_are_asked_by_http(text, port, path):
    probe = ad_hoc(http=text).cases["image"].ready.http
    assert (probe.port, probe.path, probe.status) == (port, path, None)


def test_every_probe_can_be_named():
    def ready(**option: Any):
        return ad_hoc(**option).cases["image"].ready

    assert ready(tcp=5432).tcp.port == 5432
    assert ready(log="ready to accept").log.pattern == "ready to accept"
    assert ready(exec_="pg_isready -q").exec.command == "pg_isready -q"
    assert ready(exit_=True).exit is True


def test_limits_and_the_time_out_are_taken_over():
    case = ad_hoc(
        exit_=True, limit_memory="8g", limit_cpus="1.5", limit_pids=64, timeout="90s"
    ).cases["image"]
    assert (case.limits.memory, case.limits.cpus, case.limits.pids) == (8 * 2**30, 1.5, 64)
    assert case.ready.timeout == 90


def test_without_limits_there_are_none():
    assert ad_hoc(exit_=True).cases["image"].limits is None


def test_the_image_is_judged_by_the_built_in_checklist():
    assert ad_hoc(exit_=True).checklist == "cloud-native"


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("nginx", "nginx"),
        ("nginx:1.27-alpine", "nginx-1-27-alpine"),
        ("registry.example:5000/team/web_app:v2", "web-app-v2"),
        ("web@sha256:" + "0" * 64, "web"),
        ("x" * 90, "x" * 60),
    ],
)
def test_the_scenario_is_called_after_the_image(image, name):
    scenario = ad_hoc(images=(image,), exit_=True)
    assert scenario.name == name
    assert scenario.cases["image"].image == image


@pytest.mark.parametrize(
    "text", ["ready on :80$", "cost: $HOME", "${X} and $$", "a: b # c", "'q\"", "é"]
)
def test_what_is_typed_is_meant_as_it_stands(text):
    assert ad_hoc(log=text).cases["image"].ready.log.pattern == text


def test_the_scenario_that_it_amounts_to_is_printed_and_means_the_same_as_a_file(capsys):
    scenario = ad_hoc(log="costs 5 $US$", limit_memory="1g")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("# the scenario that these options stand for\n")
    assert parse_scenario_text(err, "kept.yaml").scenario == scenario


@pytest.mark.parametrize("text", ["", "http", "8080healthz", "/healthz", "80/a b", "host:80/x"])
def test_what_is_no_port_and_path_is_refused(text):
    error = refusal("--image", "nginx", "--http", text)
    assert error.exit_code == 2
    assert "8080/healthz" in error.remedy


@pytest.mark.parametrize(
    "probe",
    [
        ("--http", "99999"),
        ("--http", "0/x"),
        ("--tcp", "0"),
        ("--tcp", "70000"),
        ("--log", "[unclosed"),
    ],
)
def test_a_probe_that_a_scenario_would_not_take_is_refused_with_its_place(probe):
    error = refusal("--image", "nginx", *probe)
    assert isinstance(error, ScenarioError)
    assert error.diagnostics[0].file == "--image"


@pytest.mark.parametrize(
    "probes", [("--exit", "--tcp", "80"), ("--http", "80", "--log", "up"), ("--log", "", "--exit")]
)
def test_at_most_one_probe_is_taken(probes):
    assert "takes at most one of" in refusal("--image", "nginx", *probes).cause


def test_an_empty_probe_is_not_taken_for_none():
    assert isinstance(refusal("--image", "nginx", "--log", ""), ScenarioError)


def test_without_a_probe_the_image_decides():
    assert ad_hoc().cases["image"].ready.named() == []


def test_several_images_are_compared_with_the_first():
    scenario = ad_hoc(images=("nginx:1.26", "r.example/nginx:1.27"), http="80/", limit_cpus="2")
    assert list(scenario.cases) == ["nginx-1-26", "nginx-1-27"]
    assert scenario.compare.baseline == "nginx-1-26"
    assert scenario.compare.candidates == ["nginx-1-27"]
    for case in scenario.cases.values():
        assert case.ready.http.port == 80
        assert case.limits.cpus == 2


def test_images_of_one_name_are_told_apart():
    scenario = ad_hoc(images=("a.example/web", "b.example/web", "c.example/web"), exit_=True)
    assert list(scenario.cases) == ["web", "web-2", "web-3"]


@pytest.fixture
def dockerfiles(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("web/bad.Dockerfile", "web/Dockerfile.good", "shop/Dockerfile", "Dockerfile"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("FROM scratch\n")
    return tmp_path


def test_a_dockerfile_is_built_in_its_own_folder(dockerfiles):
    case = ad_hoc(images=(), dockerfiles=("web/bad.Dockerfile",), exit_=True).cases["image"]
    assert (case.build.context, case.build.dockerfile) == ("web", "bad.Dockerfile")


def test_dockerfiles_are_called_after_their_files_or_their_folders(dockerfiles):
    given = ("web/bad.Dockerfile", "web/Dockerfile.good", "shop/Dockerfile", "Dockerfile")
    scenario = ad_hoc(images=("nginx",), dockerfiles=given, exit_=True)
    here = dockerfiles.name.replace("_", "-")[:60].strip("-")
    assert list(scenario.cases) == ["nginx", "bad", "good", "shop", here]
    assert scenario.compare.baseline == "nginx"


@pytest.mark.parametrize("folder", [".", "web", ""])
def test_a_folder_is_no_dockerfile(dockerfiles, folder):
    assert refusal("--dockerfile", folder, "--exit").cause == "is a folder"


def test_a_name_that_is_no_text_is_refused(dockerfiles):
    assert "UTF-8" in refusal("--dockerfile", "bad\udcff/Dockerfile", "--exit").cause


def test_what_is_compared_prints_the_scenario_that_it_amounts_to(capsys, dockerfiles):
    given = ("web/bad.Dockerfile", "shop/Dockerfile")
    scenario = ad_hoc(images=(), dockerfiles=given, http="80/")
    kept = parse_scenario_text(capsys.readouterr().err, str(dockerfiles / "kept.yaml")).scenario
    assert kept == scenario


def test_a_dockerfile_that_is_not_there_is_refused_with_its_path(dockerfiles):
    error = refusal("--dockerfile", "web/none.Dockerfile", "--exit")
    assert isinstance(error, ScenarioError)
    assert "none.Dockerfile" in str(error)


@pytest.mark.parametrize(
    "twice",
    [
        ("--image", "a", "--image", "a"),
        ("--dockerfile", "Dockerfile", "--dockerfile", "./Dockerfile"),
    ],
)
def test_nothing_is_compared_with_itself(dockerfiles, twice):
    assert "named twice" in refusal(*twice, "--exit").cause


def test_an_image_and_a_file_do_not_go_together(file):
    assert refusal(file, "--image", "nginx", "--exit").subject == "--image"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--http", "80"), ("--tcp", "0"), ("--limit-memory", "1g"), ("--exec", "x"), ("--exit", "")],
)
def test_what_goes_with_an_image_only_is_refused_beside_a_file(file, option, value):
    error = refusal(file, option, *([value] if value else []))
    assert (error.subject, error.cause) == (option, "works only with --image")


# --case, --repeat, --set, --dry-run


def planned(*arguments: object) -> str:
    result = invoke(*arguments, "--dry-run")
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_a_dry_run_prints_the_plan_and_asks_no_engine(file):
    assert planned(file, "--seed", 3) == planned(file, "--seed", 3)
    lines = planned(file).splitlines()
    assert lines[0] == "quick: 3 trials, order for seed 0"
    assert lines[1:3] == ["  case bad: pull bad", "  case good: pull good"]
    assert len(lines) == 6


def test_only_the_cases_that_were_named_are_run_and_the_comparison_goes_with_the_others(file):
    assert "good" not in planned(file, "--case", "bad")
    both = planned(file, "--case", "good", "--case", "bad")
    assert "case bad" in both
    assert "case good" in both


def test_a_case_that_is_not_there_is_refused_with_those_that_are(file):
    error = refusal(file, "--case", "goood")
    assert error.subject == "--case goood"
    assert error.remedy == "its cases are bad, good"


def test_repeat_holds_for_every_case(file):
    assert planned(file, "--repeat", 4).startswith("quick: 11 trials")


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_of_trials_that_makes_no_sense_is_refused(file, number):
    assert invoke(file, "--repeat", number).exit_code == 2


def test_a_value_that_was_set_on_the_command_line_counts(file):
    text = planned(file, "--set", "cases.bad.image=other:2", "--set", "defaults.warmup=1")
    assert "case bad: pull other:2" in text
    assert "(warm-up)" in text


def test_without_a_scenario_there_is_nothing_to_run():
    assert refusal().subject == "bench run"


def test_faults_of_all_files_are_told_at_once(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("version: 1\nname: x\ncases: {}\n")
    error = refusal(tmp_path / "a.yaml", tmp_path / "b.yaml")
    assert isinstance(error, ScenarioError)
    assert {Path(one.file).name for one in error.diagnostics} == {"a.yaml", "b.yaml"}


def test_a_resumed_run_names_its_scenario_itself(file):
    assert refusal(file, "--resume", "latest").subject == "--resume"


@pytest.mark.parametrize(
    "option",
    [("--case", "bad"), ("--repeat", "2"), ("--seed", "0"), ("--dry-run",), ("--http", "80")],
)
def test_what_says_nothing_of_a_run_that_goes_on_is_refused(option):
    assert refusal("--resume", "latest", *option).subject == option[0]


@pytest.mark.parametrize("option", ["--format", "--progress"])
def test_a_kind_of_output_that_is_not_there_is_refused(file, option, tmp_path):
    result = invoke(file, option, "pdf", "--out", tmp_path / "reports")
    assert result.exit_code == 2 or isinstance(result.exception, UsageError)
    assert not (tmp_path / "reports").exists()


# From the command line to the exit code, over fakes


@pytest.fixture
def runs(tmp_path, monkeypatch):
    runs = Runs(tmp_path / "reports")
    runs.patch(monkeypatch)
    held: list[str] = []

    @contextmanager
    def open_session(choice: object, holder: str, on_wait: object):
        held.append(holder)
        yield runs.session

    monkeypatch.setattr("bench.cli.measuring.open_session", open_session)
    monkeypatch.setattr("bench.report.formats.write_reports", lambda *_: [])
    yield runs
    runs.measuring.end_all()


# A busy host


@pytest.fixture
def asked(runs, monkeypatch):
    """How long each run was to wait, and what it bears."""
    found: list[tuple[float, float]] = []

    class Asked(QuietHost):
        def __init__(self, patience_s: float, bounds: HostBounds) -> None:
            super().__init__(patience_s, bounds)
            found.append((patience_s, bounds.other_share))

    monkeypatch.setattr("bench.runner.execution.QuietHost", Asked)
    return found


@pytest.mark.parametrize(
    ("arguments", "patience_s", "bound"),
    [
        ((), 60.0, 0.5),
        (("--wait-quiet", "5m"), 300.0, 0.5),
        (("--wait-quiet", "0"), 0.0, 0.5),
        (("--wait-quiet", "0s"), 0.0, 0.5),
        (("--max-other-load", "80%"), 60.0, 0.8),
        (("--max-other-load", "any"), 60.0, 1.0),
    ],
)
def test_how_long_to_wait_for_a_quiet_host_and_what_to_bear_can_be_said(
    runs, asked, file, arguments, patience_s, bound
):
    assert run(runs, file, *arguments).exit_code == 0
    assert asked == [(patience_s, bound)]


def test_what_a_run_bears_must_be_said_again_when_it_is_resumed(runs, asked, file):
    run(runs, file, "--max-other-load", "any")
    assert refusal("--resume", "latest", "--out", runs.out).cause.startswith("has changed")
    again = run(runs, "--resume", "latest", "--max-other-load", "any", "--wait-quiet", "1s")
    assert again.exit_code == 0, again.exception


@pytest.mark.parametrize(
    ("option", "text", "remedy"),
    [
        ("--wait-quiet", "60", "write 60s, or 60ms"),
        ("--wait-quiet", "soon", "write a unit, such as 30s, 500ms or 1m30s"),
        ("--wait-quiet", "9999h", "write at most 168h"),
        ("--max-other-load", "50", "write 50%, or any"),
        ("--max-other-load", "120%", "write 50%, or any"),
    ],
)
@pytest.mark.parametrize("called", [command, right_size], ids=["run", "right-size"])
def test_a_wait_or_a_bound_that_is_none_is_refused(file, called, option, text, remedy):
    error = CliRunner().invoke(called, [str(file), option, text]).exception
    assert isinstance(error, UsageError)
    assert (error.subject, error.remedy) == (f"{option} {text}", remedy)


def run(runs: Runs, *arguments: object) -> Result:
    return invoke(*arguments, "--out", runs.out, "--engine", "private", "--progress", "quiet")


def folders(runs: Runs) -> list[Path]:
    return sorted(path for path in runs.out.iterdir() if not path.is_symlink())


def test_a_run_without_a_standard_ends_with_0(runs, file):
    result = run(runs, file)
    assert result.exit_code == 0, result.exception
    (folder,) = folders(runs)
    assert len(trials(folder)) == 3


@pytest.mark.parametrize(
    ("limit", "required", "code"),
    [("<= 1h", True, 0), ("<= 1ns", True, 1), ("<= 1ns", False, 1)],
)
def test_a_standard_that_is_not_met_ends_with_1(runs, file, limit, required, code):
    threshold = json.dumps({"limit": limit, "required": required, "cache": "cold"})
    file.write_text(f"{SCENARIO}thresholds: {{startup_s: {threshold}}}\n")
    assert run(runs, file).exit_code == code
    assert run(runs, file, "--exit-zero").exit_code == 0


def test_a_case_that_cannot_be_judged_ends_with_3(runs, file):
    FakeMaker.errors["bad"] = EngineUnavailableError("engine", "went away")
    file.write_text(f'{SCENARIO}thresholds: {{startup_s: "<= 1h"}}\n')
    result = run(runs, file)
    assert isinstance(result.exception, EngineUnavailableError)
    assert result.exception.exit_code == 3


def test_an_image_that_does_not_build_misses_every_blocking_threshold(runs, file):
    FakeMaker.errors["bad"] = BuildError("Dockerfile", "the build failed")
    file.write_text(f'{SCENARIO}thresholds: {{startup_s: "<= 1h"}}\n')
    assert run(runs, file).exit_code == 3


def test_a_crash_misses_a_time_and_ends_with_1(runs, file):
    runs.measuring.scripts[reference_of("bad")] = Script(life_s=0, exit_code=1)
    file.write_text(f'{SCENARIO}thresholds: {{startup_s: "<= 1h"}}\n')
    assert run(runs, file).exit_code == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_with_its_code_and_runs_no_further_scenario(runs, file, number, code):
    runs.measuring.trouble("start", lambda: signal.raise_signal(number))
    options = ["--set", "cases.good.sample.interval=30ms", "--max-other-load", "any"]
    options += ["--keep-going", "--exit-zero"]
    result = run(runs, file, file, *options)
    assert result.exit_code == code
    (folder,) = folders(runs)
    assert events(folder, "run_ended")[0]["outcome"] == "interrupted"
    assert [one.exit_code for one in list_runs(folder.parent)] == [code]
    *_, resuming = result.stderr.splitlines()
    words = shlex.split(resuming)
    assert words[:3] == ["bench", "run", "--resume"]
    assert "--exit-zero" in words
    finished = run(runs, words[2], folder.name, *words[4:])
    assert finished.exit_code == 0, finished.exception
    assert events(folder)[-1]["outcome"] == "complete"


def test_several_scenarios_have_a_folder_each(runs, file):
    assert run(runs, file, file).exit_code == 0
    assert len(folders(runs)) == 2


def test_json_on_stdout_is_all_there_is_on_stdout(runs, file):
    document = json.loads(run(runs, file, "--format", "json").stdout)
    assert document["name"] == "quick"
    assert document["exit_code"] == 0


def test_a_baseline_that_is_not_there_is_told_before_anything_is_run(runs, file):
    result = run(runs, file, "--baseline", "yesterday")
    assert isinstance(result.exception, UsageError)
    assert not runs.out.exists()


def test_a_baseline_without_a_case_in_common_is_told_before_anything_is_run(runs, file):
    run(runs, file, "--case", "bad")
    (folder,) = folders(runs)
    result = run(runs, file, "--case", "good", "--baseline", folder.name)
    assert isinstance(result.exception, UsageError)
    assert "its cases are bad" in str(result.exception)
    assert folders(runs) == [folder]


def test_a_run_is_compared_with_its_baseline_of_which_two_trials_tell_nothing(runs, file):
    run(runs, file)
    (folder,) = folders(runs)
    result = run(runs, file, "--baseline", folder.name)
    assert result.exit_code == 3, result.exception
    assert "cannot tell whether there is a regression" in " ".join(result.stdout.split())
    assert f"good AGAINST {folder.name}:good" in " ".join(result.stdout.split())


# --resume


def cut(runs: Runs) -> Path:
    """Let the only run end in the middle of its second trial."""
    (folder,) = folders(runs)
    lines = (folder / FILE_NAME).read_text().splitlines()
    index = next(at for at, one in enumerate(lines) if '"trial_started","trial_id":"t0001"' in one)
    (folder / FILE_NAME).write_text("".join(f"{one}\n" for one in lines[: index + 1]))
    return folder


@pytest.mark.parametrize("options", [(), ("--case", "bad"), ("--case", "good", "--repeat", "2")])
def test_a_run_that_was_cut_off_is_finished(runs, file, options):
    run(runs, file, *options)
    folder = cut(runs)
    result = run(runs, "--resume", folder.name)
    assert result.exit_code == 0, result.exception
    assert folders(runs) == [folder]
    assert events(folder)[-1]["outcome"] == "complete"
    assert ("t0001.1", "ok") in trials(folder)
    assert [status for _, status in trials(folder)].count("ok") == len(
        events(folder, "run_started")[0]["plan"]
    )


def test_a_run_that_began_with_a_change_goes_on_with_the_same(runs, file):
    change = ("--set", "cases.good.sample.interval=30ms")
    run(runs, file, *change)
    folder = cut(runs)
    refused = run(runs, "--resume", folder.name)
    assert isinstance(refused.exception, UsageError)
    assert "--set" in refused.exception.remedy
    assert run(runs, "--resume", folder.name, *change).exit_code == 0
    assert events(folder)[-1]["outcome"] == "complete"


def test_a_run_without_a_file_is_finished_too(runs):
    runs.measuring.script = Script(output=(b"up for 5 $US$\n",))
    quick = ("--repeat", 1, "--set", "cases.image.observe=0s")
    run(runs, "--image", "nginx", "--log", r"5 \$US\$", *quick)
    folder = cut(runs)
    assert isinstance(run(runs, "--resume", "latest", *quick[2:]).exception, UsageError)
    result = run(runs, "--resume", "latest")
    assert "t0001.1" in dict(trials(folder)), result.exception


def test_a_scenario_that_has_changed_since_is_refused_and_nothing_is_run(runs, file):
    run(runs, file)
    folder = cut(runs)
    before = (folder / FILE_NAME).read_text()
    file.write_text(SCENARIO.replace("observe: 0s", "observe: 1s"))
    result = run(runs, "--resume", "latest")
    assert isinstance(result.exception, UsageError)
    assert result.exception.cause == "has changed since the run began"
    assert (folder / FILE_NAME).read_text() == before


def test_a_run_that_another_process_is_still_at_is_refused(runs, file, monkeypatch):
    run(runs, file)
    folder = cut(runs)
    before = (folder / FILE_NAME).read_text()
    monkeypatch.setattr("bench.cli.measuring.is_alive", lambda run_id: run_id == folder.name)
    result = run(runs, "--resume", "latest")
    assert isinstance(result.exception, UsageError)
    assert result.exception.cause == "is being run by another process"
    assert (folder / FILE_NAME).read_text() == before


def test_a_complete_run_is_only_reported_again(runs, file):
    run(runs, file)
    calls = len(runs.measuring.calls)
    assert run(runs, "--resume", "latest").exit_code == 0
    assert len(runs.measuring.calls) == calls


# Errors become exit codes in one place


def main(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> object:
    """The exit code of a command in which this happens."""

    @click.command("explain")
    def explain() -> None:
        happens()

    monkeypatch.setattr("bench.cli.explain.command", explain)
    monkeypatch.setattr(sys, "argv", ["bench", "explain"])
    with pytest.raises(SystemExit) as end:
        bench.cli.main()
    return end.value.code


def raising(error: BaseException) -> Callable[[], object]:
    def happens() -> None:
        raise error

    return happens


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UsageError("--x", "makes no sense", "leave it out"), 2, "what to do: leave it out"),
        (EngineUnavailableError("docker", "nobody listens there"), 3, "docker: nobody listens"),
        (click.UsageError("no such option"), 2, "no such option"),
        (click.Abort(), 130, "interrupted"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Interrupted(signal.SIGTERM), 143, "interrupted (SIGTERM)"),
        (ValueError("surprise"), 3, "bench itself failed at test_run_options.py:"),
    ],
)
def test_an_error_is_one_message_on_stderr_and_an_exit_code(
    monkeypatch, capsys, error, code, words
):
    assert main(monkeypatch, raising(error)) == code
    out, err = capsys.readouterr()
    assert words in err
    assert out == ""
    assert "Traceback" not in err


def test_a_fault_of_bench_is_shown_whole_where_that_was_asked_for(monkeypatch, capsys):
    monkeypatch.setenv("BENCH_TRACEBACK", "1")
    assert main(monkeypatch, raising(ValueError("surprise"))) == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_command_that_says_its_code_ends_with_it_and_one_that_does_not_with_0(monkeypatch):
    assert main(monkeypatch, lambda: click.get_current_context().exit(143)) == 143
    assert main(monkeypatch, lambda: None) == 0


# What is loaded

HEAVY = {"docker", "pandas", "numpy", "scipy", "matplotlib", "jinja2"}
LOADED = f"""
import sys
from bench.cli import main
sys.argv = ["bench", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print("loaded:", *sorted({HEAVY} & set(sys.modules)), file=sys.stderr)
    raise
"""


SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["validate", "FILE"], ["list", "FOLDER"]]
)
def test_what_needs_no_numbers_and_no_engine_loads_neither(arguments, file):
    file.write_text(SCENARIO.replace("name: quick", "name: quick\nchecklist: cloud-native"))
    folder = file.parent / "runs"
    for name in ("events.jsonl", "run.json"):  # the one that is made of the other comes later
        (folder / "one").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SAMPLE / name, folder / "one" / name)
    given = {"FILE": str(file), "FOLDER": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *(given.get(one, one) for one in arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "loaded:"
    assert done.stdout


def test_models_of_compose_files_are_loaded_where_a_case_has_one(file):
    file.write_text(SCENARIO)
    code = LOADED.replace(f"{HEAVY}", "{'bench.compose.model'}")
    command = [sys.executable, "-c", code, "validate", str(file)]
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.stderr.splitlines()[-1] == b"loaded:"
