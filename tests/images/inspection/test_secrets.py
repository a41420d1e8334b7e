"""Which files look like secrets, by name and first bytes."""

from __future__ import annotations

import pytest

from bench.images.inspection.secrets import secret_kind

KEY = b"-----BEGIN RSA PRIVATE KEY-----\nMIIE"
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("path", "head", "kind"),
    [
        ("/root/.ssh/id_rsa", KEY, "private key"),
        ("/etc/any name", KEY, "private key"),
        ("/etc/tls/server.pem", CERTIFICATE + KEY, "private key"),
        ("/root/key.ppk", b"PuTTY-User-Key-File-3: ssh-rsa", "private key"),
        ("/srv/.env", b"# settings\nDB_URL=x\n", "environment file"),
        ("/srv/.env.production", b"export A=b", "environment file"),
        ("/root/.npmrc", b"//registry/:_authToken=npm_x", "npm token"),
        ("/root/.pypirc", b"[pypi]\npassword = x", "PyPI password"),
        ("/root/.netrc", b"machine h login u password p", "netrc password"),
        ("/etc/pip.conf", b"index-url = https://u:p@host/simple", "password in a pip index"),
        ("/root/.git-credentials", b"https://u:p@host", "git credentials"),
        ("/root/.docker/config.json", b'{"auths": {"h": {"auth": "dQ=="}}}', "registry login"),
        ("/root/.aws/credentials", b"[default]\naws_secret_access_key = x", "AWS credentials"),
        ("/srv/account.json", b'{"private_key": "x"}', "Google credentials"),
        ("/root/.kube/config", b"users:\n- user:\n    token: x", "Kubernetes login"),
        ("/root/.pgpass", b"host:5432:db:user:secret", "database password"),
        ("/root/.cargo/credentials.toml", b'token = "x"', "Cargo token"),
    ],
)
def test_a_secret_is_told(path, head, kind):
    assert secret_kind(path, head) == kind


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("/root/.ssh/id_rsa.pub", b"ssh-rsa AAAA"),
        ("/etc/ssl/cert.pem", CERTIFICATE),
        ("/srv/notes.txt", b"a key begins with " + KEY),
        ("/srv/.env", b"# nothing\n\n"),
        ("/srv/.env.example", b"TOKEN=put-yours-here"),
        ("/root/.npmrc", b"fund=false"),
        ("/etc/pip.conf", b"index-url = https://host/simple"),
        ("/root/.docker/config.json", b'{"credsStore": "pass"}'),
        ("/srv/package.json", b'{"private": true}'),
        ("/usr/lib/python3.11/test/keycert.pem", KEY),
        ("/srv/node_modules/tls/test/fixtures/a.pem", KEY),
    ],
)
def test_what_only_resembles_one_is_none(path, head):
    assert secret_kind(path, head) == ""
