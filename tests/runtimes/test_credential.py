"""The credential of bench's registry: who can read it, and where bench shows it."""

from __future__ import annotations

import base64
import json
import os
import stat

import bcrypt
import pytest

from bench.core.errors import RegistryError
from bench.runtimes import credential
from bench.runtimes.build_request import BuildRequest
from bench.runtimes.credential import RegistryLogin
from bench.runtimes.known import connect
from bench.runtimes.managed.registry import Registry
from tests.runtimes.fake_docker import stream
from tests.runtimes.fake_registry import FakeRegistry

REGISTRY = "127.0.0.1:5591"


@pytest.fixture
def login(tmp_path) -> RegistryLogin:
    credential.renew(tmp_path)
    return RegistryLogin(tmp_path, frozenset({REGISTRY}))


def secret(login: RegistryLogin) -> str:
    found = login.to(REGISTRY)
    assert found is not None
    return found.secret


def test_its_files_are_its_owners_alone_whatever_the_umask(tmp_path):
    umask = os.umask(0)
    try:
        credential.renew(tmp_path)
    finally:
        os.umask(umask)
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    assert modes == {"registry.secret": 0o600, "registry.htpasswd": 0o600}


def test_the_registry_gets_a_hash_of_what_bench_reads(login, tmp_path):
    user, _, hashed = (tmp_path / "registry.htpasswd").read_text().strip().partition(":")
    assert user == login.to(REGISTRY).user
    assert bcrypt.checkpw(secret(login).encode(), hashed.encode())


def test_each_one_is_new_and_read_again_each_time(login, tmp_path):
    first = secret(login)
    credential.renew(tmp_path)
    assert secret(login) != first
    assert len(first) >= 43  # 256 bits in base64


def test_a_link_that_somebody_laid_in_its_place_is_not_followed(tmp_path):
    target = tmp_path / "target"
    target.write_text("as it was")
    for name in ("registry.secret", "registry.htpasswd"):
        (tmp_path / name).symlink_to(target)
        (tmp_path / name).with_suffix(".partial").unlink(missing_ok=True)
        (tmp_path / name).with_suffix(".partial").symlink_to(target)
    credential.renew(tmp_path)
    assert target.read_text() == "as it was"
    assert not (tmp_path / "registry.secret").is_symlink()


def test_no_other_registry_is_shown_it(login):
    assert login.to("docker.io") is None
    assert login.to("127.0.0.1:5592") is None


def test_without_one_nothing_is_shown(login, tmp_path):
    credential.forget(tmp_path)
    assert login.to(REGISTRY) is None
    assert list(tmp_path.iterdir()) == []


def test_it_does_not_stand_in_the_text_of_the_object(login):
    assert secret(login) not in repr(login.to(REGISTRY))


def test_the_registry_is_shown_it_in_reading_and_in_writing(tmp_path):
    server = FakeRegistry()
    credential.renew(tmp_path)
    registry = Registry(server.address, RegistryLogin(tmp_path, frozenset({server.address})))
    with pytest.raises(RegistryError):
        registry.manifest("web", "latest")
    (_, headers) = server.asked[0]
    shown = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert shown == f"bench:{(tmp_path / 'registry.secret').read_text()}"
    registry.close()
    server.close()


def decoded(header: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(base64.urlsafe_b64decode(header))
    return found


@pytest.mark.parametrize(
    ("path", "act"),
    [
        ("/images/create", lambda engine, name: list(engine.images.pull(name))),
        (f"/images/{REGISTRY}/web/push", lambda engine, name: engine.images.push(name)),
    ],
)
def test_the_engine_is_given_it_for_pulls_and_pushes(daemon, login, path, act):
    daemon.on("POST", path, stream({"aux": {"Digest": "sha256:77"}}))
    engine = connect(daemon.address, login)
    act(engine, f"{REGISTRY}/web")
    given = decoded(daemon.asked(path).headers["X-Registry-Auth"])
    assert given["password"] == secret(login)
    engine.close()


def test_the_engine_is_given_it_for_the_from_lines_of_a_build_beside_the_users_own(
    daemon, login, tmp_path, no_buildx
):
    own = {"auths": {"example.com": {"auth": base64.b64encode(b"me:mine").decode()}}}
    (tmp_path / "config.json").write_text(json.dumps(own))
    (tmp_path / "Dockerfile").write_text(f"FROM {REGISTRY}/web\n")
    daemon.on("POST", "/build", stream({"stream": "done"}))
    engine = connect(daemon.address, login)
    engine.builder.build(BuildRequest(tmp_path, "web", tmp_path / "Dockerfile"))
    given = decoded(daemon.asked("/build").headers["X-Registry-Config"])
    assert set(given) == {"example.com", REGISTRY}
    engine.close()


def test_no_engine_is_given_it_for_what_comes_from_elsewhere(daemon, login):
    daemon.on("POST", "/images/create", stream({"status": "done"}))
    engine = connect(daemon.address, login)
    list(engine.images.pull("example.com/web"))
    header = daemon.asked("/images/create").headers.get("X-Registry-Auth", "")
    assert secret(login) not in (base64.urlsafe_b64decode(header).decode() if header else "")
    engine.close()
