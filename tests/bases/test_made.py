"""Each base is made of Debian packages and does what images that are built on it rely on.

Where Docker Hub answers, the same is asserted of the official images.
"""

from __future__ import annotations

import json
import socket
import textwrap
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from bench.images.bases.catalogue import meant_by
from bench.images.bases.present import BaseSource
from bench.images.bases.records import base_records
from bench.images.bases.table import Base
from tests.built_images import built_images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.built_images import BuiltImages

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., BuiltImages]]:
    """Writes files, builds the Dockerfile among them, and gives what runs its containers."""
    with ExitStack() as opened:

        def made(dockerfile: str, **files: str) -> BuiltImages:
            for name, text in {"app__Dockerfile": dockerfile, **files}.items():
                (tmp_path / name.replace("__", ".")).write_text(textwrap.dedent(text))
            return opened.enter_context(built_images(tmp_path, "app"))

        yield made


def _says_what_it_is(images: BuiltImages, name: str) -> str:
    (record,) = base_records(images.engine, [name])
    if record.source == BaseSource.BOOTSTRAPPED:
        assert record.made_of.startswith("made here of Debian 1")
    return record.made_of


def _environment(images: BuiltImages, name: str) -> dict[str, str]:
    lines = images.engine.images.inspect(name).config["Env"]
    return dict(line.split("=", 1) for line in lines)


def _output(images: BuiltImages, *command: str) -> str:
    with images.running("app", command) as container:
        images.engine.workload(container.id).wait(60)
        return container.log()


def _tells_its_true_version(images: BuiltImages, name: str) -> None:
    base = meant_by(name)
    assert isinstance(base, Base)
    words, version = _says_what_it_is(images, name), _environment(images, name)
    if words:
        assert f" {version[base.version_variable]}" in words


def _ask_redis(address: str, patience_s: float = 20) -> bytes:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with closing(socket.create_connection((address, 6379), 5)) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100)
        except ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_redis_answers_other_containers_as_an_ordinary_user(build):
    images = build("FROM redis:7\n")
    _tells_its_true_version(images, "redis:7")
    with images.running("app") as redis:
        assert _ask_redis(images.engine.workload(redis.id).state().address) == b"+PONG\r\n"
        who = 'test "$(stat -c %U /proc/1)" = redis && test "$(pwd)" = /data'
        assert images.engine.workload(redis.id).execute(("sh", "-c", who), 10) == 0
        assert redis.stop()[0] == 0


@pytest.mark.bases
def test_a_flask_app_runs_on_python_3_13(build):
    images = build(
        dockerfile="""
            ARG VERSION=3.13
            FROM docker.io/library/python:${VERSION}-slim
            WORKDIR /app
            RUN pip install --no-cache-dir flask
            COPY app.py .
            CMD ["python", "app.py"]
        """,
        app__py="""
            import platform
            from flask import Flask
            app = Flask(__name__)
            app.route("/")(lambda: platform.python_version())
            app.run("0.0.0.0", 8080)
        """,
    )
    with images.running("app") as flask:
        flask.await_answer(8080, "/")
        version = flask.get(8080, "/").text
    assert version.startswith("3.13.")
    assert _environment(images, "python:3.13-slim")["PYTHON_VERSION"] == version
    _tells_its_true_version(images, "python:3.13-slim")


@pytest.mark.bases
def test_an_express_app_runs_on_node_as_the_user_node(build):
    images = build(
        dockerfile="""
            FROM node:20-slim
            WORKDIR /app
            COPY package.json .
            RUN npm install --omit=dev
            COPY --chown=node app.js .
            USER node
            EXPOSE 8080
            CMD ["app.js"]
        """,
        package__json=json.dumps({"name": "app", "dependencies": {"express": "^4.19.0"}}),
        app__js="""
            const app = require('express')()
            app.get('/', (_, answer) => answer.send(`${process.version} ${process.getuid()}`))
            app.listen(8080)
        """,
    )
    with images.running("app") as express:
        express.await_answer(8080, "/")
        version = _environment(images, "node:20-slim")["NODE_VERSION"]
        assert express.get(8080, "/").text == f"v{version} 1000"
    _tells_its_true_version(images, "node:20-slim")
    assert _output(images, "-p", "6*7") == "42"


@pytest.mark.bases
def test_nginx_serves_files_fills_in_templates_and_logs_to_its_output(build):
    images = build(
        dockerfile="""
            FROM nginx
            ENV GREETING=hello
            COPY page.html /usr/share/nginx/html/
            COPY more.conf.template /etc/nginx/templates/
        """,
        page__html="a page",
        more__conf__template="""
            server { listen 8080; location / { return 200 "${GREETING} $host"; } }
        """,
    )
    with images.running("app") as nginx:
        nginx.await_answer(80, "/page.html")
        assert nginx.get(80, "/page.html").text == "a page"
        assert nginx.get(8080, "/").text.startswith("hello ")
        assert '"GET /page.html HTTP/1.1" 200' in nginx.log()
        assert nginx.stop()[0] == 0
    _tells_its_true_version(images, "nginx:latest")


@pytest.mark.bases
def test_postgres_makes_its_database_at_the_first_start(build):
    images = build(
        dockerfile="""
            FROM postgres:17
            ENV POSTGRES_PASSWORD=secret POSTGRES_USER=shop POSTGRES_DB=orders
            COPY tables.sql values.sh /docker-entrypoint-initdb.d/
        """,
        tables__sql="CREATE TABLE items (name text);",
        values__sh="""
            psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "INSERT INTO items VALUES ('a')"
        """,
    )
    with images.running("app") as postgres:
        postgres.await_line("PostgreSQL init process complete; ready for start up.")
        address = images.engine.workload(postgres.id).state().address
        deadline = time.monotonic() + 20
        while images.engine.workload(postgres.id).execute(("pg_isready", "-h", address), 10):
            assert time.monotonic() < deadline, postgres.log()
        query = f"postgresql://shop:secret@{address}/orders"
        count = ("psql", query, "-c", "SELECT 1 / count(*) FROM items")
        assert images.engine.workload(postgres.id).execute(count, 10) == 0, postgres.log()
        wrong = ("psql", query.replace("secret", "guess"), "-c", "SELECT 1")
        assert images.engine.workload(postgres.id).execute(wrong, 10) != 0
        assert postgres.stop()[0] == 0
    _tells_its_true_version(images, "postgres:17")
    refused = _output(images, "sh", "-c", "unset POSTGRES_PASSWORD; docker-entrypoint.sh postgres")
    assert "set POSTGRES_PASSWORD" in refused


@pytest.mark.bases
def test_what_a_jdk_compiles_runs_on_a_jre(build):
    images = build(
        dockerfile="""
            FROM openjdk:17 AS build
            WORKDIR /src
            COPY Hello.java .
            RUN javac Hello.java
            FROM eclipse-temurin:17-jre
            COPY --from=build /src/Hello.class /app/
            WORKDIR /app
            CMD ["java", "Hello"]
        """,
        Hello__java="""
            class Hello {
                public static void main(String[] all) {
                    System.out.println(System.getProperty("java.version"));
                    System.out.println(System.getenv("JAVA_HOME"));
                }
            }
        """,
    )
    version, home = _output(images, "java", "Hello").splitlines()
    assert home == "/opt/java/openjdk"
    assert version == _environment(images, "eclipse-temurin:17-jre")["JAVA_VERSION"]
    _tells_its_true_version(images, "eclipse-temurin:17-jre")


@pytest.mark.bases
def test_go_builds_a_static_program(build):
    images = build(
        dockerfile="""
            FROM golang:1.24 AS build
            COPY main.go src/app/
            RUN cd src/app && go mod init app && CGO_ENABLED=0 go build -o /go/bin/app
            RUN go version && test "$(go env GOPATH)" = /go
            FROM scratch
            COPY --from=build /go/bin/app /app
            CMD ["/app"]
        """,
        main__go="""
            package main

            import (
                "fmt"
                "runtime"
            )

            func main() { fmt.Println(runtime.Version()) }
        """,
    )
    version = _environment(images, "golang:1.24")["GOLANG_VERSION"]
    assert _output(images, "/app") == f"go{version}"
    _tells_its_true_version(images, "golang:1.24")
