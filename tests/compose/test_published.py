"""What people's own files brought to light, each by its smallest input."""

from __future__ import annotations

from bench.scenario.loading.compose_file import load_stack
from tests.compose.files import stack, write


def test_a_starter_kit_with_a_profile_for_each_kind_of_gpu_is_run_by_another(tmp_path):
    text = (
        "services: {web: {image: nginx:1.27}, "
        'amd: {image: nginx:1.27, profiles: [amd], devices: ["/dev/kfd"]}}'
    )
    found = stack(tmp_path, text, profiles=["cpu"])
    assert [one.name for one in found.members] == ["web"]


def test_settings_that_are_left_to_variables_are_what_these_leave(tmp_path):
    text = """
services:
  web:
    image: nginx:1.27
    platform: ${P:-}
    privileged: ${Q:-false}
    ulimits: {nofile: {soft: "${N:-1024}", hard: 2048}}
    cpus: "0"
    volumes: [named:/x:z]
volumes: {named: {external: "${E:-false}"}}
"""
    found = stack(tmp_path, text)
    service = found.member("web").service
    assert (service.platform, service.limits.cpus) == (None, None)
    assert (service.ulimits["nofile"].soft, service.ulimits["nofile"].hard) == (1024, 2048)
    assert service.volumes[0].bind.selinux == "z"
    assert not found.volumes["named"].external
    assert found.warnings == ()


def test_a_base_and_its_override_may_be_included_together(tmp_path):
    write(tmp_path, "services: {db: {image: postgres:15, command: [a]}}", "base.yaml")
    write(tmp_path, "services: {db: {image: postgres:16}}", "override.yaml")
    text = (
        "include: [{path: [base.yaml, override.yaml]}]\n"
        "services: {db: {command: [b]}, web: {image: nginx, depends_on: [db]}}"
    )
    service = load_stack(write(tmp_path, text), environ={}).member("db").service
    assert (service.image, service.command) == ("postgres:16", ["b"])
