"""Who gets in: another user of the host, and a container under test. See docs/security.md."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.live.conftest import _static_busybox
from tests.live.own_host import OwnHost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.private

REGISTRY = "127.0.0.1:5591"
FOLDERS = ("/var/lib/container-bench", "/run/container-bench")
IMAGE = f"{REGISTRY}/security/web"
SQUATTER = """
import os, socket, time
os.setuid(65534)
one = socket.create_server(("127.0.0.1", 5591))
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def host() -> Iterator[OwnHost]:
    with OwnHost() as host:
        yield host


@pytest.fixture(scope="module")
def before(host: OwnHost) -> dict[str, list[str]]:
    return host.state()


@pytest.fixture(scope="module")
def up(host: OwnHost, before: dict[str, list[str]]) -> OwnHost:
    assert before["rules"] == []
    done = host.bench("engine", "up")
    assert done.returncode == 0, done.stderr
    return host


PUSHED = f"""
import sys
from bench.runtimes.known import connect
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.registry import Registry
private = PrivateEngine()
login = private.login()
building = connect(private.address("building"), login)
measuring = connect(private.address("measuring"), login)
registry = Registry(private.registry_address(), login)
image = "{IMAGE}"
"""


@pytest.fixture(scope="module")
def pushed(up: OwnHost, tmp_path_factory) -> OwnHost:
    folder: Path = tmp_path_factory.mktemp("image")
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    shutil.copy(_static_busybox(), root / "bin" / "busybox")
    for applet in ("sh", "nc", "sleep", "httpd", "wget", "true"):
        (root / "bin" / applet).symlink_to("busybox")
    with tarfile.open(folder / "rootfs.tar", "w") as archive:
        archive.add(root, arcname=".")
    up.python(
        PUSHED
        + f"""
from pathlib import Path
building.images.import_rootfs(Path("{folder}/rootfs.tar"), image, ('CMD ["sleep", "60"]',))
building.images.push(image)
"""
    )
    return up


def secret(host: OwnHost) -> str:
    return host.run("cat", "/run/container-bench/registry.secret").stdout


# another user of the host


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "_catalog"),
        ("GET", "security/web/manifests/latest"),
        ("POST", "security/web/blobs/uploads/"),
        ("PUT", "security/web/manifests/latest"),
        ("DELETE", "security/web/manifests/latest"),
    ],
)
def test_another_user_neither_reads_from_the_registry_nor_pushes_to_it(pushed, method, path):
    answer = pushed.python(
        f"""
        request = urllib.request.Request("http://{REGISTRY}/v2/{path}", b"{{}}", method="{method}")
        request.add_header("Authorization", "Basic YmVuY2g6YmVuY2g=")
        try:
            print(urllib.request.urlopen(request).status)
        except urllib.error.HTTPError as error:
            print(error.code)
        """,
        stranger=True,
    )
    assert answer == "401"


def test_another_user_opens_none_of_the_engines_folders_and_files(pushed):
    found = pushed.run("find", *FOLDERS).stdout.split()
    assert len(found) > 100
    opened = pushed.python(
        f"""
        opened = []
        for path in {found!r}:
            with contextlib.suppress(PermissionError):
                os.stat(path + ("/" if path in {FOLDERS!r} else ""))
                with contextlib.suppress(IsADirectoryError):
                    open(path).close()
                    opened.append(path)
                os.listdir(path)
                opened.append(path)
        print(json.dumps(opened))
        """,
        stranger=True,
    )
    assert json.loads(opened) == []


def test_another_user_reaches_none_of_the_sockets(pushed):
    sockets = pushed.run("find", "/run", "-type", "s").stdout.split()
    assert any(one.endswith("measuring.sock") for one in sockets)
    reached = pushed.python(
        f"""
        reached = []
        for path in {sockets!r}:
            with contextlib.suppress(PermissionError), socket.socket(socket.AF_UNIX) as one:
                one.connect(path)
                reached.append(path)
        print(json.dumps(reached))
        """,
        stranger=True,
    )
    assert json.loads(reached) == []


def test_the_credential_stands_in_no_command_line_environment_log_or_configuration(pushed):
    places = "/proc/[0-9]*/cmdline /proc/[0-9]*/environ /var/lib/container-bench/log"
    files = "/var/lib/container-bench/*.yml /var/lib/container-bench/*.json"
    found = pushed.run("sh", "-c", f"grep -rlaF -e {secret(pushed)} {places} {files}").stdout
    assert [one for one in found.split() if "/self/" not in one and "grep" not in one] == [
        one for one in found.split() if _is_the_search(pushed, one)
    ]


def _is_the_search(host: OwnHost, path: str) -> bool:
    """The shell and the grep of the search itself, which have ended by now."""
    return path.startswith("/proc/") and host.run("test", "-e", path).returncode != 0


def test_folders_of_an_older_bench_are_closed_when_the_engine_comes_up(up):
    up.run("chmod", "755", *FOLDERS)
    assert up.bench("engine", "up").returncode == 0
    assert up.run("stat", "-c", "%a", *FOLDERS).stdout.split() == ["700", "700"]


def test_each_start_has_a_credential_of_its_own(pushed):
    old = secret(pushed)
    assert pushed.bench("engine", "up").returncode == 0
    assert secret(pushed) == old  # it runs still
    pushed.python(
        """
        import os, signal
        from bench.runtimes.managed.private import PrivateEngine
        os.kill(PrivateEngine().own_pids()["registry"], signal.SIGKILL)
        """
    )
    assert pushed.bench("engine", "up").returncode == 0
    assert secret(pushed) != old
    assert (
        pushed.python(PUSHED + "print(bool(registry.manifest('security/web', 'latest').layers))")
        == "True"
    )


def test_a_registry_that_asks_for_no_credential_is_started_again(pushed):
    """As one that an older bench has left running."""
    pushed.run("sed", "-i", "/^auth/d", "/var/lib/container-bench/registry.yml")
    before = secret(pushed)
    assert pushed.bench("engine", "up").returncode == 0
    assert secret(pushed) != before


def test_what_somebody_else_has_put_at_the_registrys_port_is_shown_no_credential(pushed):
    pushed.python(
        """
        import os, signal
        from bench.runtimes.managed.private import PrivateEngine
        os.kill(PrivateEngine().own_pids()["registry"], signal.SIGKILL)
        """
    )
    squatter = subprocess.Popen(
        ["nsenter", "--target", str(pushed._pid), "--net", "python3", "-c", SQUATTER],
        stdout=subprocess.PIPE,
    )
    assert squatter.stdout is not None
    squatter.stdout.readline()
    try:
        done = pushed.bench("engine", "up")
    finally:
        squatter.kill()
        squatter.communicate()
    assert done.returncode == 3
    assert "address already in use" in done.stderr
    assert pushed.bench("engine", "up").returncode == 0


# bench itself shows it wherever it goes


def test_builds_and_pulls_of_bench_are_let_in(pushed, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nLABEL built=yes\n")
    text = pushed.python(
        PUSHED
        + f"""
from pathlib import Path
from bench.runtimes.build_request import BuildRequest
building.images.remove(image)
list(building.images.pull(image))  # a builder without a session has no credentials
folder = Path("{tmp_path}")
building.builder.build(BuildRequest(folder, "built", folder / "Dockerfile"))
pulled = any("Pull" in line.text for line in measuring.images.pull(image))
print(pulled, building.images.has("built"))
measuring.images.remove(image)
with private.link().shaped(10**9):
    name = image.replace(private.registry_address(), private.link().address)
    log, mark = private.access_log(link=True), private.access_log(link=True).mark()
    list(measuring.images.pull(name))
    print(sum(one.requests for one in log.served("security/web", mark).values()))
    measuring.images.remove(name)
"""
    )
    assert text.split() == ["True", "True", "2"]


# a container under test

PROBE = """
from bench.runtimes.specs import WorkloadSpec
from bench.runtimes.protocol import LABEL

def tried(where, port, **options):
    made = measuring.create(WorkloadSpec(
        image, "probe", {LABEL: "security"},
        command=("nc", "-w", "2", where, str(port), "-e", "true"), **options
    ))
    measuring.workload(made.id).start()
    code = measuring.workload(made.id).wait(20)
    measuring.workload(made.id).remove()
    return "reached" if code == 0 else "closed"

list(measuring.images.pull(image))
gateway = "10.213.0.1"
"""


def test_a_container_reaches_neither_of_the_registries_and_no_socket(pushed):
    text = pushed.python(
        PUSHED
        + PROBE
        + """
import socket
with socket.create_server(("0.0.0.0", 8099)), private.link().shaped(10**9):
    print(tried(gateway, 8099), tried(gateway, 5591), tried("127.0.0.1", 5591))
    print(tried(private.link().ends.far, 5591), tried(private.link().ends.near, 5591))
made = measuring.create(WorkloadSpec(
    image, "sockets", {LABEL: "security"},
    command=("sh", "-c", "[ ! -e /run/container-bench ] && [ ! -e /var/lib/container-bench ]"),
))
measuring.workload(made.id).start()
print(measuring.workload(made.id).wait(20))
measuring.workload(made.id).remove()
"""
    )
    assert text.split() == ["reached", "closed", "closed", "closed", "closed", "0"]


def test_a_container_on_the_hosts_network_still_has_no_credential(pushed):
    text = pushed.python(
        PUSHED
        + PROBE
        + f"""
made = measuring.create(WorkloadSpec(
    image, "probe", {{LABEL: "security"}}, network_mode="host",
    command=("wget", "-O", "-", "http://{REGISTRY}/v2/_catalog"),
))
measuring.workload(made.id).start()
measuring.workload(made.id).wait(20)
print(measuring.workload(made.id).log_tail(3))
measuring.workload(made.id).remove()
"""
    )
    assert "401" in text


def test_a_container_reaches_services_and_no_network_that_it_is_not_in(pushed):
    """Of two networks of a stack, and the bridge of the services."""
    text = pushed.python(
        PUSHED
        + PROBE
        + """
labels = {LABEL: "security"}
for name in ("one", "other"):
    measuring.networks.create(name, labels, internal=False)
serve = {"command": ("httpd", "-f", "-p", "80", "-h", "/tmp")}
in_one = WorkloadSpec(image, "in-one", labels, networks={"one": ()}, **serve)
service = WorkloadSpec(image, "service", labels, **serve)
there = [(measuring, measuring.create(in_one)), (building, building.create(service))]
addresses = []
for engine, made in there:
    engine.workload(made.id).start()
    addresses.append(engine.workload(made.id).state().address)
one, service = addresses
print(tried(one, 80, networks={"one": ()}), tried(one, 80, networks={"other": ()}), tried(one, 80))
print(tried(service, 80), tried(service, 80, networks={"other": ()}))
for engine, made in there:
    engine.workload(made.id).remove()
for name in ("one", "other"):
    measuring.networks.remove(name)
"""
    )
    assert text.split() == ["reached", "closed", "closed", "reached", "reached"]


# going down


def test_the_engine_is_not_taken_down_under_a_run(pushed):
    holder = subprocess.Popen(
        ["nsenter", "--target", str(pushed._pid), "--net", "--mount", "--pid", "flock",
         "/run/container-bench/lock", "sh", "-c", "echo held; sleep 61"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    pushed.run("sh", "-c", "echo 'bench run a.yaml (pid 7)' >/run/container-bench/lock")
    try:
        done = pushed.bench("engine", "down")
    finally:
        pushed.run("pkill", "-x", "-f", "sleep 61")
        holder.communicate()
    assert done.returncode == 3
    assert "in use: bench run a.yaml (pid 7)" in done.stderr
    assert "registry    pid" in pushed.bench("engine", "status").stdout


def test_what_is_changed_on_the_host_is_listed_and_gone_after_going_down(pushed, before):
    during = pushed.state()
    status = pushed.bench("engine", "status").stdout
    for what in ("bridge cbench0", "bridge cbench1", "net.ipv4.ip_forward: 0 before, 1 now"):
        assert what in status
    for rule in set(during["rules"]) - set(before["rules"]):
        assert rule.split("--comment")[0].split(" -m")[0] in status
    assert pushed.bench("engine", "down").returncode == 0
    after = pushed.state()
    assert {name: set(after[name]) ^ set(before[name]) for name in before} == {
        name: set() for name in before
    }
    assert "changed" not in pushed.bench("engine", "status").stdout
