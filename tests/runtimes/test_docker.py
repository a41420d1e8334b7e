"""The Docker engine against a fake daemon: what is asked of it, and what its answers become."""

from __future__ import annotations

import json
import struct
import threading
from typing import Any

import pytest

from bench.core.errors import (
    EngineError,
    EngineRefusedError,
    EngineTimeoutError,
    EngineUnavailableError,
    PullError,
)
from bench.runtimes.build_request import BuildRequest
from bench.runtimes.images import PullLine, PullStep
from bench.runtimes.known import connect
from bench.runtimes.protocol import Owned, OwnedKind
from bench.runtimes.specs import WorkloadSpec
from bench.runtimes.workload import Change, OutputChunk, WorkloadState
from tests.runtimes.fake_docker import (
    VERSION,
    Answer,
    FakeDocker,
    answer,
    hang_up,
    refusal,
    silence_after,
    stream,
    upgraded,
)

ID = "4b1d" * 16
LABEL = "org.container-bench"


def frame(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(data)) + data


# pulling


def test_a_pull_hands_on_each_line_of_its_stream(daemon, engine):
    lines = [{"status": "Pulling fs layer", "id": "0123456789ab"}, {"status": "Digest: sha256:12"}]
    daemon.on("POST", "/images/create", stream(*lines))
    assert list(engine.images.pull("127.0.0.1:5591/quick/web:latest")) == [
        PullLine("0123456789ab", PullStep.ANNOUNCED, "Pulling fs layer"),
        PullLine(text="Digest: sha256:12", digest="sha256:12"),
    ]
    query = daemon.asked("/images/create").query
    assert query == {"fromImage": "127.0.0.1:5591/quick/web", "tag": "latest"}


def test_a_pull_by_digest_asks_for_that_digest(daemon, engine):
    daemon.on("POST", "/images/create", stream({"status": "done"}))
    list(engine.images.pull("127.0.0.1:5591/quick/web@sha256:12ab"))
    query = daemon.asked("/images/create").query
    assert query == {"fromImage": "127.0.0.1:5591/quick/web", "tag": "sha256:12ab"}


@pytest.mark.parametrize(
    "line",
    [
        {"error": "unknown blob"},
        {"errorDetail": {"message": "unknown blob"}},
        {"errorDetail": {"message": "unknown blob", "code": 1}, "error": "something vague"},
    ],
)
def test_an_error_line_in_the_stream_ends_the_pull(daemon, engine, line):
    daemon.on("POST", "/images/create", stream({"status": "Downloading"}, line, {"status": "x"}))
    seen = []
    with pytest.raises(PullError, match="the pull failed: unknown blob"):
        seen.extend(engine.images.pull("web"))


def test_the_lines_before_the_error_have_arrived(daemon, engine):
    daemon.on("POST", "/images/create", stream({"status": "Downloading"}, {"error": "no space"}))
    lines = engine.images.pull("web")
    assert next(lines).text == "Downloading"
    with pytest.raises(PullError, match="no space"):
        next(lines)


def test_a_daemon_that_dies_in_the_middle_of_a_pull_is_unavailable(daemon, engine):
    daemon.on("POST", "/images/create", stream({"status": "Downloading"}, cut=True))
    with pytest.raises(EngineUnavailableError):
        list(engine.images.pull("web"))


def test_a_stream_that_ends_inside_a_line_is_an_error_of_the_engine(daemon, engine):
    daemon.on("POST", "/images/create", stream({"status": "a"}, b'{"status": "Downl'))
    with pytest.raises(EngineUnavailableError):
        list(engine.images.pull("web"))


def test_a_pull_that_falls_silent_is_not_waited_for_without_end(daemon, engine, monkeypatch):
    monkeypatch.setattr("bench.runtimes.docker.connect.PULL_SILENCE_S", 0.1)
    daemon.on("POST", "/images/create", silence_after({"status": "Downloading"}))
    lines = engine.images.pull("web")
    assert next(lines).text == "Downloading"
    with pytest.raises(EngineTimeoutError, match="did not answer in time"):
        next(lines)


def test_a_pull_that_is_refused_at_once_says_why(daemon, engine):
    daemon.on("POST", "/images/create", refusal(404, "manifest unknown"))
    with pytest.raises(EngineRefusedError, match="manifest unknown") as caught:
        list(engine.images.pull("web"))
    assert caught.value.status == 404


@pytest.mark.filterwarnings("ignore:docker-credential-of-another-machine")
def test_a_broken_credential_helper_is_not_blamed_on_the_engine(daemon, tmp_path):
    (tmp_path / "config.json").write_text('{"credsStore": "of-another-machine"}')
    engine = connect(daemon.address)
    with pytest.raises(EngineError, match="of-another-machine") as caught:
        list(engine.images.pull("127.0.0.1:5591/web"))
    assert not isinstance(caught.value, EngineUnavailableError)
    engine.close()


# containers


def test_warnings_of_a_create_are_kept(daemon, engine):
    warnings = ["Your kernel does not support block I/O weight. Weight discarded."]
    daemon.on("POST", "/containers/create", answer({"Id": ID, "Warnings": warnings}, 201))
    created = engine.create(WorkloadSpec(image="web", name="t0001", labels={LABEL: "run"}))
    assert (created.id, created.warnings) == (ID, tuple(warnings))
    request = daemon.asked("/containers/create")
    assert request.query == {"name": "t0001"}
    assert request.json()["Image"] == "web"


@pytest.mark.parametrize("status", [400, 404, 409, 500, 503])
def test_a_refused_create_carries_its_status_and_reason(daemon, engine, status):
    daemon.on("POST", "/containers/create", refusal(status, "Conflict. The name is in use"))
    with pytest.raises(EngineRefusedError, match="The name is in use") as caught:
        engine.create(WorkloadSpec(image="web", name="t0001", labels={}))
    assert caught.value.status == status
    assert caught.value.subject == "t0001"


def test_a_refusal_that_is_no_json_is_still_a_refusal(daemon, engine):
    def plain(handler):
        handler.send_response(502)
        handler.send_header("Content-Length", "11")
        handler.end_headers()
        handler.wfile.write(b"bad gateway")

    daemon.on("POST", f"/containers/{ID}/start", plain)
    with pytest.raises(EngineRefusedError, match="bad gateway"):
        engine.workload(ID).start()


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.workload(ID).start(),
        lambda engine: engine.workload(ID).state(),
        lambda engine: engine.workload(ID).wait(5.0),
        lambda engine: engine.workload(ID).stop(1),
        lambda engine: engine.workload(ID).usage(),
        lambda engine: list(engine.workload(ID).usages()),
        lambda engine: engine.workload(ID).remove(),
        lambda engine: engine.owned(LABEL),
        lambda engine: engine.images.has("web"),
        lambda engine: engine.workload(ID).attach(),
        lambda engine: engine.workload(ID).execute(("true",), 1.0),
    ],
)
def test_a_daemon_that_hangs_up_is_unavailable_whatever_was_asked(daemon, engine, ask):
    for key in [(method, path) for method in ("GET", "POST", "DELETE") for path in _PATHS]:
        daemon.on(*key, hang_up)
    with pytest.raises(EngineUnavailableError, match="does not answer"):
        ask(engine)


_PATHS = (
    f"/containers/{ID}",
    *(f"/containers/{ID}/{one}" for one in ("start", "json", "wait", "stop", "stats")),
    *(f"/containers/{ID}/{one}" for one in ("attach", "exec")),
    "/containers/json",
    "/images/web/json",
)


def test_a_daemon_that_has_gone_is_unavailable(daemon, engine):
    daemon.close()
    with pytest.raises(EngineUnavailableError) as caught:
        engine.workload(ID).start()
    assert caught.value.remedy


def test_the_state_of_a_running_container_names_its_pid_and_address(daemon, engine):
    daemon.on(
        "GET",
        f"/containers/{ID}/json",
        answer(
            {
                "State": {"Running": True, "Pid": 4242, "Health": {"Status": "healthy"}},
                "NetworkSettings": {
                    "Networks": {
                        "bridge": {"IPAddress": "10.213.0.2", "MacAddress": "02:42:0a:d5:00:02"}
                    }
                },
                "HostConfig": {"NetworkMode": "bridge"},
            }
        ),
    )
    assert engine.workload(ID).state() == WorkloadState(
        running=True,
        pid=4242,
        address="10.213.0.2",
        exit_code=0,
        oom_killed=False,
        health="healthy",
        mac="02:42:0a:d5:00:02",
    )


@pytest.mark.parametrize(
    ("config", "signal"), [({"StopSignal": "SIGQUIT"}, "SIGQUIT"), ({}, ""), (None, "")]
)
def test_the_state_names_the_signal_that_a_stop_sends_first(daemon, engine, config, signal):
    details = {"State": {"Running": True, "Pid": 7}, "Config": config}
    daemon.on("GET", f"/containers/{ID}/json", answer(details))
    assert engine.workload(ID).state().stop_signal == signal


def test_changes_are_named_by_what_they_are(daemon, engine):
    found = [{"Path": "/srv", "Kind": 0}, {"Path": "/srv/a", "Kind": 1}, {"Path": "/b", "Kind": 2}]
    daemon.on("GET", f"/containers/{ID}/changes", answer(found))
    assert engine.workload(ID).changes() == [
        Change("/srv", "changed"),
        Change("/srv/a", "added"),
        Change("/b", "deleted"),
    ]


def test_a_container_that_has_changed_nothing_has_no_changes(daemon, engine):
    daemon.on("GET", f"/containers/{ID}/changes", stream(b"null"))
    assert engine.workload(ID).changes() == []


def test_the_state_of_a_dead_container_has_neither_pid_nor_address(daemon, engine):
    state = {"Running": False, "Pid": 0, "ExitCode": 137, "OOMKilled": True, "Error": "boom"}
    networks = {"Networks": {"bridge": {"IPAddress": ""}}}
    daemon.on(
        "GET", f"/containers/{ID}/json", answer({"State": state, "NetworkSettings": networks})
    )
    assert engine.workload(ID).state() == WorkloadState(
        running=False,
        pid=0,
        address="",
        exit_code=137,
        oom_killed=True,
        health="",
        error="boom",
    )


def test_a_container_on_the_hosts_network_is_reached_at_loopback(daemon, engine):
    details = {
        "State": {"Running": True, "Pid": 7},
        "NetworkSettings": {"Networks": {"host": {"IPAddress": ""}}},
        "HostConfig": {"NetworkMode": "host"},
    }
    daemon.on("GET", f"/containers/{ID}/json", answer(details))
    assert engine.workload(ID).state().address == "127.0.0.1"


def test_waiting_gives_the_exit_code(daemon, engine):
    daemon.on("POST", f"/containers/{ID}/wait", answer({"StatusCode": 3}))
    assert engine.workload(ID).wait(5.0) == 3


def test_waiting_ends_with_its_time(daemon, engine):
    released = threading.Event()
    daemon.on("POST", f"/containers/{ID}/wait", lambda _: released.wait(10))
    with pytest.raises(EngineTimeoutError):
        engine.workload(ID).wait(0.05)
    released.set()


def test_stopping_says_how_long_the_grace_is(daemon, engine):
    daemon.on("POST", f"/containers/{ID}/stop", answer(status=204))
    engine.workload(ID).stop(3)
    assert daemon.asked(f"/containers/{ID}/stop").query == {"t": "3"}


def test_a_container_that_has_stopped_already_is_no_error(daemon, engine):
    daemon.on("POST", f"/containers/{ID}/stop", answer(status=304))
    engine.workload(ID).stop(1)


def test_removing_kills_it_and_takes_its_volumes(daemon, engine):
    daemon.on("DELETE", f"/containers/{ID}", answer(status=204))
    engine.workload(ID).remove()
    query = daemon.asked(f"/containers/{ID}").query
    assert (query["force"], query["v"]) == ("True", "True")


def test_removing_what_is_absent_is_fine(daemon, engine):
    daemon.on("DELETE", f"/containers/{ID}", refusal(404, "No such container"))
    daemon.on("DELETE", "/volumes/data", refusal(404, "no such volume"))
    daemon.on("DELETE", "/images/web", refusal(404, "No such image: web:latest"))
    engine.workload(ID).remove()
    engine.volumes.remove("data")
    engine.images.remove("web")


def test_a_digest_that_podman_knows_by_another_name_of_the_image_is_absent(daemon, engine):
    daemon.on("DELETE", "/images/web@sha256:1", refusal(500, "web@sha256:1: tag not known"))
    engine.images.remove("web@sha256:1")


def test_removing_what_cannot_be_removed_is_an_error(daemon, engine):
    daemon.on("DELETE", f"/containers/{ID}", refusal(500, "device or resource busy"))
    daemon.on("DELETE", "/images/web", refusal(409, "image is being used"))
    with pytest.raises(EngineRefusedError, match="busy"):
        engine.workload(ID).remove()
    with pytest.raises(EngineRefusedError, match="being used"):
        engine.images.remove("web")


def test_what_carries_the_label_is_listed_with_its_run(daemon, engine):
    daemon.on("GET", "/containers/json", answer([{"Id": ID, "Labels": {LABEL: "run-7"}}]))
    daemon.on(
        "GET", "/volumes", answer({"Volumes": [{"Name": "data", "Labels": {LABEL: "run-7"}}]})
    )
    daemon.on("GET", "/networks", answer([{"Name": "back", "Labels": {LABEL: "run-7"}}]))
    daemon.on("GET", "/images/json", answer([]))
    assert engine.owned(LABEL) == [
        Owned(OwnedKind.CONTAINER, ID, "run-7"),
        Owned(OwnedKind.NETWORK, "back", "run-7"),
        Owned(OwnedKind.VOLUME, "data", "run-7"),
    ]
    assert engine.volumes.names(LABEL) == ["data"]
    query = daemon.asked("/containers/json").query
    assert json.loads(query["filters"]) == {"label": [LABEL]}
    assert query["all"] == "1"


def test_a_network_is_a_labelled_bridge(daemon, engine):
    daemon.on("POST", "/networks/create", answer({"Id": "n"}))
    engine.networks.create("back", {LABEL: "run-7"}, internal=True)
    asked = daemon.asked("/networks/create").json()
    assert (asked["Name"], asked["Driver"], asked["Internal"]) == ("back", "bridge", True)
    assert asked["Labels"] == {LABEL: "run-7"}


def test_a_network_is_made_as_the_engine_s_own_words_say(daemon, engine):
    daemon.on("POST", "/networks/create", answer({"Id": "n"}))
    options = {
        "IPAM": {"Config": [{"Subnet": "172.28.0.0/16"}]},
        "EnableIPv6": True,
        "Options": {"com.docker.network.driver.mtu": "1400"},
    }
    engine.networks.create("back", {}, internal=False, options=options)
    asked = daemon.asked("/networks/create").json()
    assert {key: asked[key] for key in options} == options


def test_a_volume_has_the_options_of_its_driver(daemon, engine):
    daemon.on("POST", "/volumes/create", answer({"Name": "data"}))
    engine.volumes.create("data", {LABEL: "run-7"}, {"type": "tmpfs"})
    asked = daemon.asked("/volumes/create").json()
    assert (asked["DriverOpts"], asked["Labels"]) == ({"type": "tmpfs"}, {LABEL: "run-7"})


def test_a_container_has_an_address_of_its_own_in_each_of_its_networks(daemon, engine):
    daemon.on("POST", "/containers/create", answer({"Id": ID, "Warnings": []}))
    daemon.on("POST", "/networks/back/connect", answer())
    at = [{"IPAMConfig": {"IPv4Address": f"172.28.0.{one}"}} for one in (7, 8)]
    spec = WorkloadSpec(
        image="web",
        name="t1",
        labels={},
        networks={"front": ("web",), "back": ("web",)},
        endpoints={"front": at[0], "back": at[1]},
    )
    engine.create(spec)
    made = daemon.asked("/containers/create").json()["NetworkingConfig"]["EndpointsConfig"]
    assert made == {"front": {"Aliases": ["web"], **at[0]}}
    joined = daemon.asked("/networks/back/connect").json()["EndpointConfig"]
    assert joined == {"Aliases": ["web"], **at[1]}


def test_a_network_that_is_gone_may_be_removed(daemon, engine):
    daemon.on("DELETE", "/networks/back", refusal(404, "network back not found"))
    engine.networks.remove("back")


def test_a_container_joins_its_further_networks_before_it_starts(daemon, engine):
    daemon.on("POST", "/containers/create", answer({"Id": ID, "Warnings": []}))
    daemon.on("POST", "/networks/back/connect", answer())
    networks = {"front": ("web",), "back": ("web", "shop")}
    engine.create(WorkloadSpec(image="web", name="t1", labels={}, networks=networks))
    asked = daemon.asked("/networks/back/connect").json()
    assert asked["Container"] == ID
    assert asked["EndpointConfig"] == {"Aliases": ["web", "shop"]}


def test_an_engine_without_volumes_has_an_empty_list(daemon, engine):
    daemon.on("GET", "/volumes", answer({"Volumes": None, "Warnings": None}))
    assert engine.volumes.names(LABEL) == []


def test_the_log_tail_is_text_whatever_the_program_wrote(daemon, engine):
    daemon.on(
        "GET",
        f"/containers/{ID}/json",
        answer({"Config": {"Tty": False}, "HostConfig": {"LogConfig": {"Type": "json-file"}}}),
    )

    def logs(handler):
        data = frame(1, b"listening\n") + frame(2, b"caf\xe9\n")
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    daemon.on("GET", f"/containers/{ID}/logs", logs)
    assert engine.workload(ID).log_tail(5) == ["listening", "caf�"]
    assert daemon.asked(f"/containers/{ID}/logs").query["tail"] == "5"


def test_usage_is_one_shot(daemon, engine):
    daemon.on("GET", f"/containers/{ID}/stats", answer(usage(3)))
    assert engine.workload(ID).usage() == {"cpu_ns": 1, "tasks": 3}
    assert daemon.asked(f"/containers/{ID}/stats").query == {"stream": "False", "one-shot": "True"}


def usage(tasks: int) -> dict[str, Any]:
    """The engine's statistics of a container with so many tasks."""
    return {"cpu_stats": {"cpu_usage": {"total_usage": 1}}, "pids_stats": {"current": tasks}}


def test_usages_follow_the_stream_of_stats(daemon, engine):
    daemon.on("GET", f"/containers/{ID}/stats", stream(*(usage(count) for count in (1, 2))))
    assert list(engine.workload(ID).usages()) == [
        {"cpu_ns": 1, "tasks": 1},
        {"cpu_ns": 1, "tasks": 2},
    ]
    assert daemon.asked(f"/containers/{ID}/stats").query["stream"] == "True"


def test_usages_end_where_the_daemon_dies(daemon, engine):
    daemon.on("GET", f"/containers/{ID}/stats", stream(usage(1), cut=True))
    with pytest.raises(EngineError):
        list(engine.workload(ID).usages())


def test_an_engine_older_than_one_shot_still_gives_its_usage(daemon):
    daemon.on("GET", "/version", answer({"ApiVersion": "1.40", "Version": "19.03.15"}))
    daemon.on("GET", f"/containers/{ID}/stats", answer(usage(3)))
    engine = connect(daemon.address)
    assert engine.workload(ID).usage() == {"cpu_ns": 1, "tasks": 3}
    engine.close()


# output and exec


def test_output_arrives_as_the_container_writes_it(daemon, engine):
    attached, wrote_more = threading.Event(), threading.Event()

    def talk(handler):
        attached.wait(5)
        handler.wfile.write(frame(1, b"hello\n") + frame(2, b"oops")[:6])
        wrote_more.wait(5)
        handler.wfile.write(frame(2, b"oops")[6:])

    daemon.on("POST", f"/containers/{ID}/attach", upgraded(talk))
    output = engine.workload(ID).attach()
    attached.set()
    chunks = iter(output)
    assert next(chunks) == OutputChunk(1, b"hello\n")
    wrote_more.set()
    assert list(chunks) == [OutputChunk(2, b"oops")]
    output.close()
    assert daemon.asked(f"/containers/{ID}/attach").query == {
        "stdout": "1",
        "stderr": "1",
        "stream": "1",
    }


def test_closing_the_output_ends_a_reader_in_another_thread(daemon, engine):
    ended = threading.Event()
    daemon.on("POST", f"/containers/{ID}/attach", upgraded(lambda _: ended.wait(10)))
    output = engine.workload(ID).attach()
    seen: list[OutputChunk] = []
    reader = threading.Thread(target=lambda: seen.extend(output))
    reader.start()
    output.close()
    reader.join(5)
    ended.set()
    assert not reader.is_alive()
    assert seen == []


def test_attaching_to_nothing_is_refused(daemon, engine):
    daemon.on("POST", f"/containers/{ID}/attach", refusal(404, "No such container"))
    with pytest.raises(EngineRefusedError, match="No such container"):
        engine.workload(ID).attach()


def exec_routes(daemon: FakeDocker, talk: Answer, code: int | None) -> None:
    daemon.on("POST", f"/containers/{ID}/exec", answer({"Id": "e1"}, 201))
    daemon.on("POST", "/exec/e1/start", upgraded(talk))
    daemon.on("GET", "/exec/e1/json", answer({"ExitCode": code, "Running": code is None}))


@pytest.mark.parametrize(("code", "given"), [(0, 0), (7, 7), (None, 1)])
def test_an_exec_gives_the_commands_exit_code(daemon, engine, code, given):
    exec_routes(daemon, lambda handler: handler.wfile.write(frame(1, b"out")), code)
    assert engine.workload(ID).execute(("pg_isready", "-q"), 5.0) == given
    assert daemon.asked(f"/containers/{ID}/exec").json()["Cmd"] == ["pg_isready", "-q"]


def test_an_exec_that_says_nothing_ends_with_its_time(daemon, engine):
    released = threading.Event()
    exec_routes(daemon, lambda _: released.wait(10), 0)
    with pytest.raises(EngineTimeoutError):
        engine.workload(ID).execute(("sleep", "60"), 0.05)
    released.set()


def test_an_exec_that_talks_without_end_ends_with_its_time_too(daemon, engine):
    pause = threading.Event()

    def chatter(handler):
        for _ in range(300):
            handler.wfile.write(frame(1, b"again\n"))
            pause.wait(0.005)

    exec_routes(daemon, chatter, 0)
    with pytest.raises(EngineTimeoutError):
        engine.workload(ID).execute(("yes",), 0.1)


# images


def test_an_image_is_there_or_not(daemon, engine):
    daemon.on("GET", "/images/web/json", answer({"Id": "sha256:1"}))
    daemon.on("GET", "/images/other/json", refusal(404, "No such image: other:latest"))
    assert engine.images.has("web")
    assert not engine.images.has("other")


def test_podmans_words_for_an_absent_image_are_understood(daemon, engine):
    said = refusal(404, "failed to find image other: other: image not known")
    daemon.on("GET", "/images/other/json", said)
    daemon.on("DELETE", "/images/other", said)
    assert not engine.images.has("other")
    engine.images.remove("other")


def test_images_are_named_by_their_tags_or_else_by_their_id(daemon, engine):
    daemon.on(
        "GET",
        "/images/json",
        answer(
            [
                {"Id": "sha256:1", "RepoTags": ["a:1", "b:2"], "Labels": {LABEL: "run-7"}},
                {"Id": "sha256:2", "RepoTags": ["<none>:<none>"], "Labels": {LABEL: "run-8"}},
                {"Id": "sha256:3", "RepoTags": None, "Labels": {LABEL: "kept"}},
            ]
        ),
    )
    assert engine.images.labelled(LABEL) == [
        ("a:1", "run-7"),
        ("b:2", "run-7"),
        ("sha256:2", "run-8"),
        ("sha256:3", "kept"),
    ]
    assert engine.images.ids() == ["sha256:1", "sha256:2", "sha256:3"]


def test_tagging_splits_the_new_name(daemon, engine):
    daemon.on("POST", "/images/web/tag", answer(status=201))
    engine.images.tag("web", "127.0.0.1:5591/quick/web:v2")
    query = daemon.asked("/images/web/tag").query
    assert (query["repo"], query["tag"]) == ("127.0.0.1:5591/quick/web", "v2")


def test_a_push_gives_the_digest_of_the_manifest(daemon, engine):
    daemon.on(
        "POST",
        "/images/127.0.0.1:5591/web/push",
        stream({"status": "Pushed"}, {"aux": {"Tag": "v2", "Digest": "sha256:77", "Size": 528}}),
    )
    assert engine.images.push("127.0.0.1:5591/web:v2") == "sha256:77"
    assert daemon.asked("/images/127.0.0.1:5591/web/push").query == {"tag": "v2"}


def test_a_push_without_a_digest_is_an_error(daemon, engine):
    daemon.on("POST", "/images/web/push", stream({"status": "Pushed"}))
    with pytest.raises(EngineError, match="without a digest"):
        engine.images.push("web")


def test_podman_pushes_without_naming_a_digest(daemon):
    daemon.on("GET", "/version", answer(VERSION | {"Components": [{"Name": "Podman Engine"}]}))
    daemon.on("POST", "/images/web/push", stream({"status": "Writing manifest"}))
    podman = connect(daemon.address)
    assert podman.images.push("web") == ""
    podman.close()


def test_with_the_containerd_store_the_digest_stands_in_the_last_status(daemon, engine):
    digest = f"sha256:{'1c' * 32}"
    last = {"status": f"latest: digest: {digest} size: 1203"}
    waiting = {"status": "Waiting", "progressDetail": {}, "id": "dd0852301246"}
    daemon.on("POST", "/images/web/push", stream(waiting, last))
    assert engine.images.push("web") == digest


def test_a_failed_push_says_why(daemon, engine):
    error = {"errorDetail": {"message": "connection refused"}, "error": "connection refused"}
    daemon.on("POST", "/images/web/push", stream({"status": "Preparing"}, error))
    with pytest.raises(EngineError, match="the push failed: connection refused"):
        engine.images.push("web")


# building


@pytest.mark.usefixtures("no_buildx")
def test_what_the_sdk_cannot_do_with_a_context_is_not_blamed_on_the_engine(engine, context):
    (context / ".dockerignore").mkdir()
    with pytest.raises(EngineError) as caught:
        engine.builder.build(BuildRequest(context, "web", context / "Dockerfile"))
    assert not isinstance(caught.value, EngineUnavailableError)
    assert ".dockerignore" in caught.value.cause


def test_a_root_file_system_becomes_an_image(daemon, engine, tmp_path):
    (tmp_path / "rootfs.tar").write_bytes(b"tar")
    daemon.on("POST", "/images/create", answer({"status": "sha256:1"}))
    engine.images.import_rootfs(tmp_path / "rootfs.tar", "127.0.0.1:5591/base:12", ('CMD ["sh"]',))
    request = daemon.asked("/images/create")
    assert (request.query["repo"], request.query["tag"]) == ("127.0.0.1:5591/base", "12")
    assert request.query["fromSrc"] == "-"
    assert request.query["changes"] == 'CMD ["sh"]'
    assert request.body == b"tar"


def test_a_failed_import_says_why(daemon, engine, tmp_path):
    (tmp_path / "rootfs.tar").write_bytes(b"not a tar")
    error = {"errorDetail": {"message": "invalid tar header"}, "error": "invalid tar header"}
    daemon.on("POST", "/images/create", stream({"status": "Importing"}, error))
    with pytest.raises(EngineError, match="the import failed: invalid tar header"):
        engine.images.import_rootfs(tmp_path / "rootfs.tar", "base", ())


def test_an_import_of_a_file_that_is_not_there_is_not_blamed_on_the_engine(engine, tmp_path):
    with pytest.raises(EngineError, match=r"nowhere\.tar") as caught:
        engine.images.import_rootfs(tmp_path / "nowhere.tar", "base", ())
    assert not isinstance(caught.value, EngineUnavailableError)


def test_an_image_is_copied_from_engine_to_engine(daemon, engine):
    archive = bytes(range(256)) * 1000
    daemon.on("GET", "/images/web/get", stream(archive[:100_000], archive[100_000:]))
    daemon.on("POST", "/images/load", stream({"stream": "Loaded image: web:latest"}))
    engine.images.load(engine.images.save("web"))
    assert daemon.asked("/images/load").body == archive


def test_an_archive_that_cannot_be_loaded_is_an_error(daemon, engine):
    daemon.on("POST", "/images/load", stream({"error": "unexpected EOF"}))
    with pytest.raises(EngineError, match="unexpected EOF"):
        engine.images.load(iter([b"half"]))
