"""Which names can be made here of Debian's packages, and what is said of those that cannot."""

from __future__ import annotations

import pytest

from bench.images.bases.catalogue import BASES, RECIPES, Refusal, makeable, meant_by, states


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("debian:bookworm-slim", "debian:bookworm-slim"),
        ("debian:12", "debian:bookworm"),
        ("debian:12-slim", "debian:bookworm-slim"),
        ("debian:13", "debian:trixie"),
        ("debian:trixie-slim", "debian:trixie-slim"),
        ("debian", "debian:trixie"),
        ("debian:stable-slim", "debian:trixie-slim"),
        ("python:3.11-slim-bookworm", "python:3.11-slim-bookworm"),
        ("python:3.11-slim", "python:3.11-slim-bookworm"),
        ("python:3.11", "python:3.11-bookworm"),
        ("docker.io/library/python:3.13-slim", "python:3.13-slim-trixie"),
        ("library/python:3", "python:3.13-trixie"),
        ("python:3-slim", "python:3.13-slim-trixie"),
        ("python:3-slim-bookworm", "python:3.11-slim-bookworm"),
        ("python:slim", "python:3.13-slim-trixie"),
        ("python", "python:3.13-trixie"),
        ("index.docker.io/library/python:latest", "python:3.13-trixie"),
        ("python:3.13.5", "python:3.13-trixie"),
        ("node:18-slim", "node:18-bookworm-slim"),
        ("node:20-bullseye-slim", None),
        ("node:20", "node:20-trixie"),
        ("node:20-trixie-slim", "node:20-trixie-slim"),
        ("nginx", "nginx:1.26-trixie"),
        ("nginx:1", "nginx:1.26-trixie"),
        ("nginx:1.22.1", "nginx:1.22-bookworm"),
        ("postgres:15", "postgres:15-bookworm"),
        ("postgres:17.2-trixie", "postgres:17-trixie"),
        ("redis:7", "redis:7.0-bookworm"),
        ("redis:8-trixie", "redis:8.0-trixie"),
        ("golang:1.24", "golang:1.24-trixie"),
        ("golang:1.19-bookworm", "golang:1.19-bookworm"),
        ("openjdk:17", "eclipse-temurin:17-jdk"),
        ("openjdk:17-jdk-slim", "eclipse-temurin:17-jdk"),
        ("openjdk:17-slim-bookworm", "eclipse-temurin:17-jdk"),
        ("eclipse-temurin:17-jre", "eclipse-temurin:17-jre"),
        ("eclipse-temurin:21", "eclipse-temurin:21-jdk"),
        ("eclipse-temurin:17.0.9_9-jre", "eclipse-temurin:17-jre"),
    ],
)
def test_a_name_means_a_recipe(name, recipe):
    found = meant_by(name)
    assert (None if isinstance(found, Refusal) else found.name) == recipe


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("python:3.12-slim", "Debian has 3.11 (Debian 12) and 3.13 (Debian 13)"),
        ("python:3.13-bookworm", "Debian has 3.11 (Debian 12) and 3.13 (Debian 13)"),
        ("python:3.11-alpine3.20", "no Alpine"),
        ("python:3.11-slim-bullseye", "`bullseye` asks for what Debian 12 and 13 do not have"),
        ("python@sha256:00", "a digest means one exact image"),
        ("docker.io/library/python:3.11-slim@sha256:00", "a digest means one exact image"),
        ("alpine:3.20", "no Alpine"),
        ("ubuntu", "no Ubuntu"),
        ("eclipse-temurin:17-jre-jammy", "no Ubuntu"),
        ("node:lts", "`lts` asks for"),
        ("node:22", "Debian has 18 (Debian 12) and 20 (Debian 13)"),
        ("nginx:1.27", "Debian has 1.22 (Debian 12) and 1.26 (Debian 13)"),
        ("nginx:1.26-perl", "`perl` asks for"),
        ("nginx:1.26-slim", "no slim one"),
        ("postgres:16", "Debian has 15 (Debian 12) and 17 (Debian 13)"),
        ("redis:7.2", "Debian has 7.0 (Debian 12) and 8.0 (Debian 13)"),
        ("eclipse-temurin:11", "Debian has 17"),
        ("debian:11", "Debian has 12 (Debian 12)"),
        ("debian:bookworm-20250520-slim", "`20250520` asks for"),
        ("mysql:8", "no recipe"),
        ("ghcr.example/library/python:3.11", "no recipe"),
        ("bitnami/nginx:1.26", "no recipe"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_true_reason(name, reason):
    found = meant_by(name)
    assert isinstance(found, Refusal)
    assert reason in found.reason


def test_a_version_holds_as_far_as_it_is_stated():
    assert states("nginx:1.26", "1.26.3")
    assert states("nginx", "1.26.3")
    assert states("nginx:1.26.3-trixie", "1.26.3")
    assert not states("nginx:1.26.30", "1.26.3")
    assert not states("postgres:17.2", "17.12")
    assert not states("redis:7.0.15.1", "7.0.15")


def test_every_recipe_is_meant_by_its_own_name_and_the_default_ones_are_the_three():
    assert all(meant_by(name) is base for name, base in RECIPES.items())
    assert len(BASES) == 3


def test_what_can_be_made_is_named_in_one_line():
    assert makeable().startswith("debian:12|13[-slim], python:3.11|3.13[-slim], ")
    assert "golang:1.19|1.24, eclipse-temurin:17|21|25[-jre|-jdk], nginx:1.22|1.26" in makeable()
