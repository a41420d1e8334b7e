"""The commands that measure nothing: explain, doctor, engine and clean."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

import bench.cli
from bench.cgroup.mounts import CgroupMounts, CgroupVersion
from bench.cli import clean, doctor, explain
from bench.cli import engine as engine_command
from bench.cli.explain import EXIT_CODES, explanation
from bench.core.domain import Arm, CacheState, TrialStatus
from bench.core.errors import EngineUnavailableError, HostError, UsageError
from bench.core.metrics import METRICS
from bench.dockerfile.lint.lint import RULES
from bench.host.finding import Health, HostFinding
from bench.judge.model import Outcome
from bench.runtimes.managed.daemons import Paths
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.requirements import PACKAGES
from bench.runtimes.protocol import LABEL
from bench.runtimes.select import Choice
from bench.runtimes.specs import WorkloadSpec
from bench.standard.checklist import load_checklist
from tests.fakes import FakeRuntime
from tests.journals import Build, write_journal

if TYPE_CHECKING:
    import click

ROWS = {row.id: row for row in load_checklist("cloud-native", Path()).rules}


def run(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.fixture
def main(monkeypatch, capsys):
    """The whole command line: its exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bench", *arguments])
        with pytest.raises(SystemExit) as ended:
            bench.cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


# explain


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_can_be_explained(name):
    text = explanation(name)
    assert METRICS[name].title in text
    assert METRICS[name].meaning in text
    assert METRICS[name].misleads in text


@pytest.mark.parametrize("row_id", ROWS)
def test_every_row_of_the_standard_can_be_explained(row_id):
    text = explanation(row_id)
    assert ROWS[row_id].rule in text
    assert ROWS[row_id].remedy in text
    assert explanation(row_id.lower()) == text


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130", "143"])
def test_every_exit_code_can_be_explained(code):
    assert explanation(code) == f"exit code {code}: {EXIT_CODES[code]}"


@pytest.mark.parametrize(
    "term",
    [*CacheState, *Outcome, *TrialStatus, *Arm, "trial", "OOM kill", "working set", "waste"],
)
def test_every_state_verdict_and_term_can_be_explained(term):
    text = explanation(term.upper())
    assert text.lower().startswith(f"{term}: ".lower())
    assert "](" not in text
    assert f"{term} " in explanation("terms")


def test_every_name_means_one_thing():
    names = [*METRICS, *ROWS, *RULES, *EXIT_CODES, *explain.glossary()]
    lowered = [name.lower() for name in names if name != "READY"]  # a row, and a term of it
    assert len(set(lowered)) == len(lowered)


@pytest.mark.parametrize(
    ("subject", "named"),
    [("metrics", list(METRICS)), ("checklist", [*ROWS, "READY"]), ("exit-codes", list(EXIT_CODES))],
)
def test_each_list_names_one_thing_a_line(subject, named):
    assert [line.split()[0] for line in explanation(subject).splitlines()] == named


@pytest.mark.parametrize(
    ("subject", "meant"),
    [
        ("startup", "startup_s"),
        ("image_size_byte", "image_size_bytes"),
        ("CI5", "CI-5"),
        ("ci5", "CI-5"),
        ("STARTUP_ZS", "startup_s"),
        ("inconclsive", "inconclusive"),
    ],
)
def test_what_is_nearly_right_is_suggested(subject, meant):
    with pytest.raises(UsageError) as caught:
        explanation(subject)
    assert caught.value.remedy == f"did you mean {meant}?"


def test_what_resembles_nothing_is_told_what_there_is():
    with pytest.raises(UsageError) as caught:
        explanation("qqqq")
    assert "metrics, checklist, rules, exit-codes, terms" in caught.value.remedy


def test_an_explanation_is_a_result_and_a_mistake_is_not(main):
    code, out, err = main("explain", "CI-5")
    assert (code, err) == (0, "")
    assert out.startswith("CI-5")
    code, out, err = main("explain", "CI-55")
    assert (code, out) == (2, "")
    assert "did you mean CI-5?" in err


def test_a_command_is_explained_by_its_own_help():
    assert explanation("lint").endswith("`bench lint --help` says more.")
    with pytest.raises(UsageError) as caught:
        explanation("lnt")
    assert caught.value.remedy == "did you mean lint?"


def test_explain_is_one_command_of_the_command_line():
    result = run(explain.command, "3")
    assert result.output == f"exit code 3: {EXIT_CODES['3']}\n"


# doctor


FINDINGS = [
    HostFinding("engine", Health.GOOD, "docker 20.10.24"),
    HostFinding("GPU", Health.LESS, "not measured", "install the driver"),
]
WORST = HostFinding("registry", Health.BAD, "not installed", "apt-get install docker-registry")


@pytest.fixture
def examined(monkeypatch):
    """What the doctor finds; and the engines it was asked about."""
    asked: list[Choice] = []
    findings = list(FINDINGS)

    def examine(choice: Choice) -> list[HostFinding]:
        asked.append(choice)
        return findings

    monkeypatch.setattr("bench.host.doctor.examine", examine)
    return SimpleNamespace(asked=asked, findings=findings)


def test_findings_are_marked_and_remedies_stand_below(examined):
    result = run(doctor.command)
    assert result.exit_code == 0
    assert [line.split() for line in result.output.splitlines()] == [
        ["✓", "engine", "docker", "20.10.24"],
        ["-", "GPU", "not", "measured"],
        ["install", "the", "driver"],
    ]


def test_where_nothing_can_be_run_the_doctor_ends_with_3(examined):
    examined.findings.append(WORST)
    result = run(doctor.command)
    assert result.exit_code == 3
    assert "✗ registry" in result.output


def test_findings_as_json_hold_the_same(examined):
    examined.findings.append(WORST)
    result = run(doctor.command, "--format", "json")
    assert result.exit_code == 3
    assert json.loads(result.output) == [dataclasses.asdict(one) for one in (*FINDINGS, WORST)]


def test_the_doctor_looks_at_the_engine_that_was_named(examined):
    run(doctor.command, "--engine", "unix:///run/other.sock")
    assert examined.asked == [Choice("unix:///run/other.sock", explicit=True, origin="--engine")]


# engine


@pytest.fixture
def private(monkeypatch, tmp_path):
    """The private engine in a folder of the test; what is asked of it is noted."""
    done: list[str] = []

    class Noted(PrivateEngine):
        def __init__(self) -> None:
            super().__init__(Paths(tmp_path / "state", tmp_path / "run"))

        def up(self, *, registry_alone: bool = False) -> None:
            done.append("up")

        def down(self) -> None:
            done.append("down")

    for module in (engine_command, clean):
        monkeypatch.setattr(module, "PrivateEngine", Noted)
    monkeypatch.setattr(engine_command, "why_impossible", lambda: None)
    monkeypatch.setattr(engine_command, "missing_programs", list)
    monkeypatch.setattr(engine_command, "wants_newer", lambda _: False)
    return SimpleNamespace(done=done, engine=Noted())


def test_the_status_names_every_daemon(private):
    result = run(engine_command.command, "status")
    assert result.exit_code == 0
    assert [line.split(maxsplit=1) for line in result.output.splitlines()] == [
        [name, "not running"] for name in ("registry", "containerd", "measuring", "building")
    ]
    assert private.done == []


def test_the_status_says_why_it_could_not_be_started(private, monkeypatch):
    impossible = EngineUnavailableError("private engine", "it needs root", "run bench as root")
    monkeypatch.setattr(engine_command, "why_impossible", lambda: impossible)
    result = run(engine_command.command, "status")
    assert result.exception is impossible
    assert "not running" in result.output


def test_a_running_engine_is_shown_with_its_addresses(private, monkeypatch):
    monkeypatch.setattr(PrivateEngine, "is_up", lambda _: True)
    monkeypatch.setattr(PrivateEngine, "registry_address", lambda _: "127.0.0.1:5591")
    result = run(engine_command.command, "up")
    assert private.done == ["up"]
    assert result.output.splitlines()[-3:] == [
        f"measuring   {private.engine.address('measuring')}",
        f"building    {private.engine.address('building')}",
        "registry    127.0.0.1:5591",
    ]


def test_down_ends_it_and_says_so_on_stderr(private):
    result = run(engine_command.command, "down")
    assert private.done == ["down"]
    assert result.stdout == ""
    assert "down" in result.stderr


@pytest.fixture
def apt(monkeypatch):
    """apt-get, of which only the calls are noted; and docker-registry, which is missing."""
    calls: list[list[str]] = []
    codes: dict[str, int] = {}

    def note(command: list[str], **_: Any) -> SimpleNamespace:
        calls.append(command)
        return SimpleNamespace(returncode=codes.get(command[1], 0))

    monkeypatch.setattr(engine_command, "missing_programs", lambda: ["docker-registry"])
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", note)
    return SimpleNamespace(calls=calls, codes=codes)


def test_packages_are_installed_only_where_that_is_asked_for(private, apt):
    run(engine_command.command, "up")
    assert apt.calls == []
    result = run(engine_command.command, "up", "--install")
    assert [call[:2] for call in apt.calls] == [["apt-get", "update"], ["apt-get", "install"]]
    assert set(PACKAGES) <= set(apt.calls[1])
    assert "installing" in result.stderr


def test_nothing_is_installed_where_nothing_is_missing(private, apt, monkeypatch):
    monkeypatch.setattr(engine_command, "missing_programs", list)
    run(engine_command.command, "up", "--install")
    assert apt.calls == []
    assert private.done == ["up"]


def test_an_engine_newer_than_an_old_one_of_the_host_is_fetched_and_started_in_its_place(
    private, monkeypatch
):
    fetched = []
    monkeypatch.setattr(engine_command, "wants_newer", lambda _: True)
    monkeypatch.setattr(engine_command, "fetch_programs", lambda *given: fetched.append(given))
    run(engine_command.command, "up")
    assert (fetched, private.done) == ([], ["up"])
    run(engine_command.command, "up", "--install")
    assert len(fetched) == 1
    assert private.done[1:] == ["down", "up"]


def test_where_no_newer_engine_can_be_had_that_of_the_host_is_used_and_why_is_said(
    private, monkeypatch
):
    def fail(*_: object) -> None:
        raise HostError("newer engine", "no sources of Debian's")

    monkeypatch.setattr(engine_command, "wants_newer", lambda _: True)
    monkeypatch.setattr(engine_command, "fetch_programs", fail)
    result = run(engine_command.command, "up", "--install")
    assert private.done == ["down", "up"]
    assert "no sources of Debian's" in result.stderr


def test_an_installation_that_fails_is_not_gone_on_with(private, apt):
    apt.codes["install"] = 100
    result = run(engine_command.command, "up", "--install")
    assert isinstance(result.exception, HostError)
    assert "apt-get install" in result.exception.remedy
    assert private.done == []


@pytest.mark.parametrize("lacking", ["root", "apt-get"])
def test_where_bench_cannot_install_it_says_what_to_run(private, apt, monkeypatch, lacking):
    if lacking == "root":
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    else:
        monkeypatch.setattr(shutil, "which", lambda _: None)
    result = run(engine_command.command, "up", "--install")
    assert isinstance(result.exception, EngineUnavailableError)
    assert "docker-registry" in result.exception.cause
    assert "apt-get install" in result.exception.remedy
    assert apt.calls == []


# clean


@pytest.fixture
def leftovers(private, monkeypatch, tmp_path):
    """Two engines and a cgroup tree, with what an interrupted run left and what others own."""
    engines: dict[str, FakeRuntime] = {}

    def connect(address: str) -> FakeRuntime:
        return engines.setdefault(address, FakeRuntime())

    mounts = CgroupMounts(
        CgroupVersion.V1, {name: tmp_path / "cgroup" / name for name in ("memory", "cpu")}
    )
    monkeypatch.setattr(clean, "connect", connect)
    monkeypatch.setattr(clean, "choose", lambda name: Choice(name or "private", False, "found"))
    monkeypatch.setattr(clean, "find_mounts", lambda: mounts)
    return SimpleNamespace(connect=connect, mounts=mounts, private=private.engine)


def started(private: PrivateEngine, monkeypatch: pytest.MonkeyPatch, *, is_up: bool) -> None:
    """The private engine has been started once on this host by root, and may still run."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    private.paths.state.mkdir(parents=True, exist_ok=True)
    private.paths.settings.write_text('{"network_base": "10.87.0.0/16", "registry_port": 5599}')
    monkeypatch.setattr(PrivateEngine, "is_up", lambda _: is_up)


def fill(engine: FakeRuntime) -> None:
    for name, labels in (("mine", {LABEL: "run-7"}), ("theirs", {})):
        engine.present_images[name] = labels
        engine.volumes.create(name, labels)
        engine.create(WorkloadSpec(image=name, name=name, labels=labels))


def left(engine: FakeRuntime) -> tuple[list[str], list[str], list[str]]:
    containers = [one.spec.name for one in engine.present.values()]
    return containers, list(engine.volume_labels), list(engine.present_images)


def test_what_a_run_left_is_removed_and_nothing_else(leftovers):
    engine = leftovers.connect("unix:///run/docker.sock")
    fill(engine)
    result = run(clean.command, "--engine", "unix:///run/docker.sock")
    assert left(engine) == (["theirs"], ["theirs"], ["theirs"])
    assert result.stdout == "removed 3 things\n"
    assert result.stderr.count("of run-7") == 3


def test_what_a_run_that_is_alive_has_is_left_to_it(leftovers, monkeypatch):
    monkeypatch.setattr(clean, "is_alive", lambda run_id: run_id == "run-7")
    engine = leftovers.connect("unix:///run/docker.sock")
    fill(engine)
    result = run(clean.command, "--engine", "unix:///run/docker.sock")
    assert result.stdout == "removed 0 things\n"
    assert left(engine)[0] == ["mine", "theirs"]


def test_a_clean_engine_has_nothing_removed(leftovers):
    result = run(clean.command, "--engine", "unix:///run/docker.sock")
    assert result.stdout == "removed 0 things\n"


def test_images_that_the_private_builder_keeps_stay(leftovers):
    engine = leftovers.connect("unix:///run/docker.sock")
    engine.present_images["base"] = {LABEL: "kept"}
    run(clean.command, "--engine", "unix:///run/docker.sock")
    assert "base" in engine.present_images


def test_on_the_private_engine_both_daemons_are_swept(leftovers, monkeypatch):
    started(leftovers.private, monkeypatch, is_up=True)
    roles = ("measuring", "building")
    engines = [leftovers.connect(leftovers.private.address(role)) for role in roles]
    for engine in engines:
        fill(engine)
    result = run(clean.command)
    assert [left(engine)[0] for engine in engines] == [["theirs"], ["theirs"]]
    assert result.stdout == "removed 6 things\n"


@pytest.mark.parametrize("is_up", [True, False])
def test_cgroups_of_trials_are_removed_whether_the_engine_runs_or_not(
    leftovers, monkeypatch, is_up
):
    started(leftovers.private, monkeypatch, is_up=is_up)
    for controller in ("memory", "cpu"):
        base = leftovers.mounts.path(controller, "/")
        (base / "container-bench" / "t0001" / "4b1d").mkdir(parents=True)
        (base / "docker").mkdir()
    (leftovers.mounts.path("cpu", "/container-bench") / "t0002").mkdir()
    result = run(clean.command)
    assert result.exception is None
    assert result.stdout == "removed 2 things\n"
    for controller in ("memory", "cpu"):
        base = leftovers.mounts.path(controller, "/")
        assert not list((base / "container-bench").iterdir())
        assert (base / "docker").exists()


def test_what_an_engine_that_does_not_run_may_hold_is_not_denied(leftovers, monkeypatch):
    started(leftovers.private, monkeypatch, is_up=False)
    result = run(clean.command)
    assert result.exit_code == 0
    assert "bench engine up" in result.stderr


def test_where_the_private_engine_never_ran_nothing_is_touched(leftovers, tmp_path):
    result = run(clean.command)
    assert result.stdout == "removed 0 things\n"
    assert not leftovers.private.paths.run.exists()


def test_only_root_cleans_the_private_engine(leftovers, monkeypatch):
    started(leftovers.private, monkeypatch, is_up=True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = run(clean.command)
    assert isinstance(result.exception, EngineUnavailableError)
    assert "root" in result.exception.remedy


def test_a_host_without_cgroups_has_none_to_remove(leftovers, monkeypatch):
    started(leftovers.private, monkeypatch, is_up=True)
    monkeypatch.setattr(clean, "find_mounts", lambda: None)
    assert run(clean.command).stdout == "removed 0 things\n"


def test_cleaning_waits_for_the_run_that_holds_the_engine(leftovers, monkeypatch):
    started(leftovers.private, monkeypatch, is_up=True)
    waits: list[str] = []
    really = PrivateEngine.reserved

    def reserved(private: PrivateEngine, holder: str, on_wait: Any) -> Any:
        waits.append(holder)
        on_wait("bench run a.yaml (pid 1)")
        return really(private, holder, on_wait)

    monkeypatch.setattr(PrivateEngine, "reserved", reserved)
    result = run(clean.command)
    assert waits == ["bench clean"]
    assert "waiting for bench run a.yaml" in result.stderr


def test_processes_of_a_bench_that_was_killed_are_ended_whatever_the_engine(
    leftovers, monkeypatch, tmp_path
):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    base = tmp_path / "cgroup" / "memory" / "container-bench" / "run-t0001"
    theirs, left = base / f"host-{os.getpid()}-{birth(os.getpid())}-ab", base / "host-99999999-1-cd"
    for folder in (theirs, left):
        folder.mkdir(parents=True)
        (folder / "cgroup.procs").write_text("4711\n")
    ended = []

    def kill(pid: int, number: int) -> None:
        ended.append((pid, number))
        (left / "cgroup.procs").unlink()

    monkeypatch.setattr(os, "kill", kill)
    result = run(clean.command, "--engine", "host")
    assert ended == [(4711, signal.SIGKILL)]
    assert result.stdout == "removed 1 thing\n"
    assert "host-99999999-1-cd" in result.stderr
    assert theirs.exists()
    assert not left.exists()


def birth(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_what_an_error_quotes_does_not_speak_to_the_terminal(main, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    code, _, err = main("explain", "a\x1b]0;b\x07")
    assert code == 2
    assert "explain a: there is no such rule" in err
    assert "\x1b" not in err


# streams


def piped(command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of `command`, in which `bench` is the command line."""
    line = command.replace("bench ", f"{sys.executable} -m bench ", 1)
    return subprocess.run(
        ["/bin/sh", "-c", line],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(bench.__file__).parent.parent,
        env=os.environ | environ,
        timeout=60,
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_fault(closed, tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text("version: 1\nname: n\ncases: {a: {image: x, ready: {tcp: {port: 1}}}}\n")
    done = piped(f"bench run {file} --dry-run {closed}")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_a_character_shows_its_escape():
    done = piped("bench explain metrics", PYTHONIOENCODING="latin-1:strict")
    assert done.returncode == 0
    done = piped("bench list /no/ů", PYTHONIOENCODING="latin-1:strict")
    assert (done.returncode, "\\u016f" in done.stderr) == (2, True)


def test_a_full_disk_under_stdout_is_not_called_a_fault_of_bench():
    done = piped("bench explain metrics > /dev/full")
    assert done.returncode == 3
    assert "cannot be written: No space left on device" in done.stderr
    assert "fault of bench" not in done.stderr


@pytest.mark.parametrize("command", ["schema", "explain metrics", "run {file} --dry-run"])
def test_a_reader_that_goes_away_is_no_missed_limit(command, tmp_path):
    """Click's own code for it is 1, which says that a limit was measured and not met."""
    file = tmp_path / "one.yaml"
    file.write_text("version: 1\nname: n\ncases: {a: {image: x, ready: {tcp: {port: 1}}}}\n")
    code = tmp_path / "code"
    done = piped(f"(bench {command.format(file=file)}; echo $? > {code}) | true")
    assert code.read_text().strip() == "0", done.stderr


def test_bad_run_json_is_passed_over_for_the_journal(tmp_path):
    folder = tmp_path / "reports" / "20260101T000000Z-x"
    write_journal(folder, Build(cases=("good",), rounds=1))
    (folder / "run.json").write_text(
        json.dumps(
            {"run_id": "x", "started_at": "x", "name": "x", "outcome": "complete", "cases": {}}
        )[:-1]
        + ', "exit_code": 1e999}'
    )
    done = piped(f"bench list {tmp_path / 'reports'}")
    assert (done.returncode, "bench itself failed" in done.stderr) == (0, False), done.stderr


def test_a_journal_is_not_written_over_by_a_report(tmp_path):
    folder = tmp_path / "run"
    write_journal(folder, Build(cases=("good",), rounds=1))
    before = (folder / "events.jsonl").read_bytes()
    done = piped(f"bench report {folder} --format md -o {folder / 'events.jsonl'}")
    assert (done.returncode, "is the name of the journal" in done.stderr) == (2, True)
    assert (folder / "events.jsonl").read_bytes() == before


@pytest.mark.parametrize("path", ["/", "{tmp}/one/x", "{tmp}/" + "x" * 256])
def test_a_report_that_cannot_be_written_says_where(path, tmp_path):
    (tmp_path / "one").write_text("a file")
    folder = tmp_path / "run"
    write_journal(folder, Build(cases=("good",), rounds=1))
    done = piped(f"bench report {folder} --format md -o {path.format(tmp=tmp_path)}")
    assert (done.returncode, "cannot be written" in done.stderr) == (3, True), done.stderr


def test_the_name_of_a_folder_reaches_no_terminal_as_it_stands(tmp_path):
    odd = tmp_path / "a\x1b]0;t\x07\u202eb"
    odd.mkdir()
    done = piped(f"bench list '{odd}'")
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout + done.stderr)
    done = piped(f"bench validate --format json '{odd}/none.yaml'")
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout + done.stderr)
