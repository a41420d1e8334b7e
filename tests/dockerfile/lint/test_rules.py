"""Each rule: what it finds, and what only looks like it."""

from __future__ import annotations

import pytest

from bench.dockerfile.lint.ignores import RULES as IGNORE_RULES
from bench.dockerfile.lint.lint import RULES

APT = "RUN apt-get update && apt-get install -y --no-install-recommends"
CLEAN = "&& rm -rf /var/lib/apt/lists/*"

FOUND = [
    ("copy-before-install", 2, "FROM a:1\nCOPY . .\nRUN pip install -r r.txt"),
    ("copy-before-install", 2, "FROM a:1\nADD ./ /srv\nRUN true\nRUN cd x && npm ci"),
    ("copy-before-install", 2, "FROM a:1 AS b\nCOPY . .\nRUN <<E\napk add x\nE\nFROM c:1"),
    ("copy-before-install", 2, 'FROM a:1\nCOPY [".", "/"]\nRUN ["pip", "install", "x"]'),
    ("copy-before-install", 2, "FROM a:1\nCOPY . .\nRUN python3 -m pip install .[a] b"),
    ("build-tools-shipped", 2, f"FROM a:1\n{APT} gcc=4:12 x {CLEAN}"),
    ("build-tools-shipped", 2, "FROM a:1 AS b\nRUN apk add --no-cache build-base\nFROM b"),
    ("build-tools-shipped", 2, f"FROM a:1\n{APT} gcc make && apt-get purge -y gcc"),
    ("build-tools-shipped", 2, "FROM a:1\nRUN apk add go\nRUN apk del go"),
    ("apt-lists-kept", 2, "FROM a:1\nRUN apt-get update"),
    ("apt-lists-kept", 2, "FROM a:1\nRUN <<E\nset -e\napt-get -q update\nE"),
    ("apt-lists-kept", 2, f"FROM a:1\n{APT} x\nRUN rm -rf /var/lib/apt/lists/*"),
    ("apt-recommends", 2, "FROM a:1\nRUN apt-get install -y x"),
    ("apt-recommends", 2, "FROM a:1\nRUN apt -y install x && apt-get update"),
    ("pip-cache-kept", 2, "FROM a:1\nRUN pip install x"),
    ("pip-cache-kept", 2, "FROM a:1\nRUN --mount=type=bind,target=/r pip3.11 install x"),
    ("pip-cache-kept", 2, "FROM a:1\nRUN pip install x\nENV PIP_NO_CACHE_DIR=1"),
    ("pip-cache-kept", 2, "FROM a:1\nRUN pip install --no-index --find-links http://i/ x"),
    ("download-at-start", 2, 'FROM a:1\nCMD ["sh", "-c", "pip install x && exec y"]'),
    ("download-at-start", 2, "FROM a:1\nENTRYPOINT curl -O https://a/b && exec y"),
    ("download-at-start", 2, 'FROM a:1\nCMD ["npm", "ci"]'),
    ("download-at-start", 5, "FROM a:1\nCOPY <<E /go.sh\napt-get update\nE\nCMD sh /go.sh"),
    ("shell-wrapper", 2, "FROM a:1\nCMD python -m app"),
    ("shell-wrapper", 2, 'FROM a:1\nCMD ["/bin/bash", "-ec", "a && b"]'),
    ("shell-wrapper", 2, 'FROM a:1\nENTRYPOINT ["tini", "--", "sh", "-c", "a"]'),
    ("shell-wrapper", 2, 'FROM a:1\nCMD ["bash", "-eo", "pipefail", "-c", "a"]'),
    ("shell-wrapper", 3, 'FROM a:1\nENTRYPOINT ["c"]\nCMD a'),
    ("shell-wrapper", 2, "FROM a:1 AS b\nCMD exec a; b\nFROM b"),
    ("entrypoint-script-without-exec", 6, 'FROM a:1\nCOPY <<E /go.sh\na\nb\nE\nCMD ["/go.sh"]'),
    ("python-buffered-output", 2, 'FROM a:1\nCMD ["python", "-m", "app"]'),
    ("python-buffered-output", 2, "FROM a:1\nCMD exec python3 app.py -u"),
    ("no-healthcheck", 2, "ARG X\nFROM a:1\nCMD a"),
    ("no-healthcheck", 3, "FROM a:1 AS b\nHEALTHCHECK CMD a\nFROM c:1\nCMD a"),
    ("unpinned-base", 1, "FROM python"),
    ("unpinned-base", 1, "FROM host:5000/python:latest AS a\nFROM b:1"),
    ("unpinned-base", 2, "ARG V=latest\nFROM python:$V"),
    ("add-of-url", 2, "FROM a:1\nADD https://a/b /b"),
    ("add-of-url", 2, 'FROM a:1 AS b\nADD ["http://a/b", "/b"]\nFROM c:1'),
    ("late-chown", 3, "FROM a:1\nCOPY x /srv/x\nRUN chown -R 1 /srv"),
    ("late-chown", 4, "FROM a:1\nWORKDIR /srv\nCOPY x .\nRUN useradd u && chown --recursive u ."),
    ("late-chown", 3, "FROM a:1\nCOPY x /srv\nRUN cd /srv && chown -Rf 1:1 app"),
    ("no-user", 1, "FROM a:1\nCMD a"),
    ("no-user", 3, "FROM a:1\nUSER 1\nUSER root\nCMD a"),
    ("no-user", 3, "FROM a:1 AS b\nUSER 1\nFROM c:1\nCMD a"),
    ("secret-in-env", 2, "FROM a:1\nENV DB_PASSWORD=hunter2"),
    ("secret-in-env", 2, 'FROM a:1\nENV A=1 api_key="x y"'),
    ("secret-in-env", 2, "FROM a:1\nENV GITHUB_TOKEN abc"),
    ("secret-in-env", 1, "ARG AWS_SECRET=abc\nFROM a:1"),
]

NOT_FOUND = [
    ("copy-before-install", "FROM a:1\nCOPY r.txt .\nRUN pip install -r r.txt\nCOPY . ."),
    ("copy-before-install", "FROM a:1 AS b\nCOPY . .\nFROM c:1\nRUN pip install x"),
    ("copy-before-install", "FROM a:1\nCOPY --from=x . .\nRUN pip install x"),
    ("copy-before-install", "FROM a:1\nCOPY . .\nRUN pip install --no-deps ."),
    ("copy-before-install", "FROM a:1\nCOPY . .\nRUN cat <<E > f\npip install x\nE"),
    ("copy-before-install", "FROM a:1\nCOPY . .\nRUN uv pip install -e .[x]"),
    ("copy-before-install", "FROM a:1\nCOPY . .\nRUN true # pip install x"),
    ("build-tools-shipped", f"FROM a:1 AS b\n{APT} gcc {CLEAN}\nFROM c:1\nCOPY --from=b /x /"),
    ("build-tools-shipped", f"FROM a:1\n{APT} gcc && make && apt-get purge -y gcc {CLEAN}"),
    ("build-tools-shipped", "FROM a:1\nRUN apk add -t .deps gcc && x && apk del .deps"),
    ("build-tools-shipped", f"FROM a:1\n{APT} makedev libgcc-s1 {CLEAN}"),
    ("build-tools-shipped", "FROM a:1\nCOPY <<E /x\napt-get install gcc\nE"),
    ("apt-lists-kept", f"FROM a:1\n{APT} x {CLEAN}"),
    ("apt-lists-kept", "FROM a:1\nRUN --mount=type=cache,target=/var/lib/apt apt-get update"),
    ("apt-lists-kept", "FROM a:1 AS b\nRUN apt-get update\nFROM c:1"),
    ("apt-lists-kept", "FROM a:1\n# RUN apt-get update\nRUN echo 'apt-get update'"),
    ("apt-recommends", f"FROM a:1\n{APT} x"),
    ("apt-recommends", "FROM a:1\nRUN apt-get install -o APT::Install-Recommends=0 x"),
    ("apt-recommends", "FROM a:1 AS b\nRUN apt-get install x\nFROM c:1"),
    ("pip-cache-kept", "FROM a:1\nRUN pip install --no-cache-dir x"),
    ("pip-cache-kept", "FROM a:1\nENV PIP_NO_CACHE_DIR=1\nRUN pip install x"),
    ("pip-cache-kept", "FROM a:1\nRUN PIP_NO_CACHE_DIR=1 pip install x"),
    ("pip-cache-kept", "FROM a:1\nRUN --mount=type=cache,target=/root/.cache pip install x"),
    ("pip-cache-kept", "FROM a:1\nRUN pip install --no-index --find-links /wheels x"),
    ("pip-cache-kept", "FROM a:1\nRUN pip install x && rm -rf ~/.cache"),
    ("pip-cache-kept", "FROM a:1 AS b\nRUN pip install x\nFROM c:1"),
    ("download-at-start", 'FROM a:1\nCMD ["python", "curl.py"]'),
    ("download-at-start", "FROM a:1\nCMD pip install x\nCMD exec y"),
    ("download-at-start", "FROM a:1 AS b\nCMD pip install x\nFROM c:1"),
    ("download-at-start", "FROM a:1\nHEALTHCHECK CMD curl http://a/\nCMD exec y"),
    ("download-at-start", "FROM a:1\nCMD curl http://localhost/ && exec y"),
    ("shell-wrapper", "FROM a:1\nCMD exec python -m app"),
    ("shell-wrapper", 'FROM a:1\nCMD ["sh", "-c", "a && exec b $X"]'),
    ("shell-wrapper", 'FROM a:1\nCMD ["bash", "start.sh"]'),
    ("shell-wrapper", "FROM a:1\nENTRYPOINT exec a\nCMD b"),
    ("shell-wrapper", 'FROM a:1 AS b\nCMD a\nFROM b\nENTRYPOINT ["c"]'),
    ("shell-wrapper", "FROM a:1\nCMD trap 'exit 0' TERM; a & wait"),
    ("shell-wrapper", "FROM a:1\nHEALTHCHECK CMD a\nRUN a\nCMD []"),
    ("entrypoint-script-without-exec", "FROM a:1\nCOPY <<E /go.sh\na\nexec b\nE\nCMD sh go.sh"),
    ("entrypoint-script-without-exec", 'FROM a:1\nCOPY x.sh /\nCMD ["/x.sh"]'),
    ("entrypoint-script-without-exec", "FROM a:1\nCOPY <<E /a.sh\na\nE\nRUN sh /a.sh"),
    ("python-buffered-output", "FROM a:1\nENV PYTHONUNBUFFERED=1\nCMD python x"),
    ("python-buffered-output", 'FROM a:1\nCMD ["python", "-Bu", "x"]'),
    ("python-buffered-output", 'FROM a:1\nENTRYPOINT ["python"]\nCMD ["-u", "x"]'),
    ("python-buffered-output", "FROM a:1\nCMD PYTHONUNBUFFERED=1 exec python x"),
    ("python-buffered-output", "FROM a:1 AS b\nCMD python x\nFROM c:1"),
    ("no-healthcheck", "FROM a:1 AS b\nHEALTHCHECK NONE\nFROM b\nCMD a"),
    ("no-healthcheck", "FROM scratch\nCOPY a /"),
    ("unpinned-base", "FROM scratch"),
    ("unpinned-base", "FROM a:1 AS python\nFROM python"),
    ("unpinned-base", "ARG BASE\nFROM $BASE"),
    ("unpinned-base", "ARG V\nFROM python:$V"),
    ("unpinned-base", "FROM python@sha256:0"),
    ("add-of-url", "FROM a:1\nADD --checksum=sha256:0 https://a/b /b"),
    ("add-of-url", "FROM a:1\nADD <<E /x\nhttps://a/b\nE"),
    ("add-of-url", "FROM a:1\nADD https://github.com/a/b.git /b"),
    ("late-chown", "FROM a:1\nCOPY --chown=1 x /srv\nRUN chown -R 1 /srv"),
    ("late-chown", "FROM a:1\nCOPY x /srv\nRUN mkdir /data && chown -R 1 /data"),
    ("late-chown", "FROM a:1\nCOPY x /srv\nRUN chown 1 /srv"),
    ("late-chown", "FROM a:1 AS b\nCOPY x /srv\nRUN chown -R 1 /srv\nFROM c:1"),
    ("late-chown", "FROM a:1\nRUN chown -R 1 /srv\nCOPY x /srv"),
    ("no-user", "FROM a:1 AS b\nUSER 10001:10001\nFROM b\nCMD a"),
    ("no-user", "FROM a:nonroot\nCMD a"),
    ("no-user", "FROM scratch\nCOPY a /"),
    ("secret-in-env", "FROM a:1\nENV DB_PASSWORD_FILE=/x MAX_TOKENS=512 MONKEY=1"),
    ("secret-in-env", "FROM a:1\nARG TOKEN\nENV TOKEN=$TOKEN PASSWORD="),
    ("secret-in-env", "FROM a:1\nENV ALLOW_EMPTY_PASSWORD=yes SECRET=/run/secrets/x"),
    ("secret-in-env", "FROM a:1\nRUN <<E\nENV PASSWORD=x\nE"),
]


@pytest.mark.parametrize(("rule", "line", "text"), FOUND)
def test_a_rule_finds(places, rule, line, text):
    assert [at for name, at in places(text) if name == rule] == [line]


@pytest.mark.parametrize(("rule", "text"), NOT_FOUND)
def test_a_rule_does_not_find(places, rule, text):
    assert rule not in {name for name, _ in places(text)}


def test_each_rule_has_something_to_find_and_something_not_to():
    elsewhere = {rule.id for rule in IGNORE_RULES} | {"missing-dockerignore"}
    assert (
        {rule for rule, *_ in FOUND} == {rule for rule, _ in NOT_FOUND} == RULES.keys() - elsewhere
    )
