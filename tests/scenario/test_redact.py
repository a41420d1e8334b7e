import copy

import pytest

from bench.scenario.loading.load import parse_scenario_text
from bench.scenario.redact import is_secret_name, redacted
from tests.scenario.marked import case


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD", "password", "MYSQL_ROOT_PASSWD", "PGPASSWORD", "API_KEY", "apikey",
        "AWS_SECRET_ACCESS_KEY", "GH_TOKEN", "token", "GOOGLE_CREDENTIALS", "PRIVATE_PEM",
        "BASIC_AUTH", "AUTHORIZATION", "SESSION_COOKIE", "DB_PWD", "GITHUB_PAT",
    ],
)  # fmt: skip
def test_names_of_secrets_are_known(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["PATH", "AUTHOR", "PORT", "LOG_LEVEL", "PATTERN", "COMPAT", "URL"]
)
def test_other_names_are_not(name):
    assert not is_secret_name(name)


def test_secrets_are_taken_out_wherever_variables_stand_and_nothing_else_changes():
    tree = {
        "version": 1,
        "name": "password",
        "services": {"db": {"environment": ["DB_PASSWORD=x=y", "PORT=80", "TOKEN"]}},
        "defaults": {"environment": {"API_KEY": 0}},
        "cases": {
            "a": {
                "environment": {"api_token": "x", "LEVEL": "debug", "EMPTY_KEY": ""},
                "build": {"context": ".", "args": {"NPM_TOKEN": "x", "V": "1"}},
                "command": ["password", "x"],
            }
        },
    }
    before = copy.deepcopy(tree)
    clean = redacted(tree)
    assert tree == before
    assert clean["services"]["db"]["environment"] == ["DB_PASSWORD=***", "PORT=80", "TOKEN"]
    assert clean["defaults"]["environment"] == {"API_KEY": "***"}
    assert clean["cases"]["a"]["environment"] == {
        "api_token": "***",
        "LEVEL": "debug",
        "EMPTY_KEY": "***",
    }
    assert clean["cases"]["a"]["build"]["args"] == {"NPM_TOKEN": "***", "V": "1"}
    assert clean["cases"]["a"]["command"] == ["password", "x"]
    assert clean["name"] == "password"


def test_the_user_in_a_url_is_taken_out():
    tree = {"environment": {"DATABASE_URL": "postgres://bob:hunter2@db:5432/x?a=b@c"}}
    assert redacted(tree)["environment"]["DATABASE_URL"] == "postgres://***@db:5432/x?a=b@c"


def test_values_of_env_files_never_enter_the_tree(tmp_path):
    (tmp_path / ".env").write_text("A=hunter2\n")
    loaded = parse_scenario_text(case("env_file: .env"), "s.yaml", folder=tmp_path)
    assert loaded.tree["cases"]["one"]["env_file"] == ".env"
    assert "hunter2" not in str(loaded.tree) + repr(loaded)


def test_a_loaded_scenario_does_not_show_its_tree():
    loaded = parse_scenario_text(case("command: hunter2"), "s.yaml")
    assert "hunter2" not in repr(loaded).replace(repr(loaded.scenario), "")
