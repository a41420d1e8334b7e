"""Of each rule an example, its mend, and when the rule misleads: what `bench explain` adds."""

from __future__ import annotations

from dataclasses import dataclass

_APT = "RUN apt-get update && apt-get install -y --no-install-recommends"


@dataclass(frozen=True)
class Page:
    """Lines of a Dockerfile without a FROM, unless it matters.

    Attributes:
        bad: breaks the rule.
        good: does the same and does not.
        misleads: when a finding is none; empty if that is not known to happen.
    """

    bad: str
    good: str
    misleads: str = ""


PAGES = {
    "copy-before-install": Page(
        "COPY . .\nRUN pip install -r requirements.txt",
        "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .",
        "If nothing but the list of packages ever changes, the order does not matter.",
    ),
    "build-tools-shipped": Page(
        f"{_APT} gcc",
        f"FROM debian:12 AS build\n{_APT} gcc\nRUN make\nFROM debian:12-slim\n"
        "COPY --from=build /app /app",
        "An image that compiles at run time (numba, torch.compile) needs its compiler.",
    ),
    "apt-lists-kept": Page(
        f"{_APT} curl",
        f"{_APT} curl \\\n && rm -rf /var/lib/apt/lists/*",
    ),
    "apt-recommends": Page(
        "RUN apt-get install -y git",
        "RUN apt-get install -y --no-install-recommends git ca-certificates",
        "A recommended package may be one that you need: name it.",
    ),
    "pip-cache-kept": Page(
        "RUN pip install flask",
        "RUN pip install --no-cache-dir flask",
        "A base image may have switched the cache off already.",
    ),
    "download-at-start": Page(
        'CMD ["sh", "-c", "pip install -r requirements.txt && exec gunicorn app:app"]',
        'RUN pip install --no-cache-dir -r requirements.txt\nCMD ["gunicorn", "app:app"]',
        "Data that must be new at each start has to be fetched then.",
    ),
    "shell-wrapper": Page(
        "CMD python -m app",
        'CMD ["python", "-m", "app"]',
        "Some shells replace themselves by the last command; a run shows who gets the signal.",
    ),
    "entrypoint-script-without-exec": Page(
        'COPY <<E /start.sh\nmigrate\nserve\nE\nCMD ["sh", "/start.sh"]',
        'COPY <<E /start.sh\nmigrate\nexec serve\nE\nCMD ["sh", "/start.sh"]',
        "A script that ends before its container does has nobody to pass a signal to.",
    ),
    "python-buffered-output": Page(
        'CMD ["python", "-m", "app"]', 'ENV PYTHONUNBUFFERED=1\nCMD ["python", "-m", "app"]'
    ),
    "no-healthcheck": Page(
        'CMD ["serve"]',
        'HEALTHCHECK CMD ["serve", "--check"]\nCMD ["serve"]',
        "Kubernetes ignores it; a batch job needs none.",
    ),
    "unpinned-base": Page("FROM python:latest", "FROM python:3.11-slim-bookworm"),
    "add-of-url": Page(
        "ADD https://example.org/model.bin /model.bin",
        f"ADD --checksum=sha256:{64 * '0'} https://example.org/model.bin /model.bin",
    ),
    "late-chown": Page(
        "COPY app /app\nRUN chown -R 10001:10001 /app", "COPY --chown=10001:10001 app /app"
    ),
    "missing-dockerignore": Page("COPY . .", "# .dockerignore: .git"),
    "no-user": Page(
        'CMD ["serve"]',
        'USER 10001:10001\nCMD ["serve"]',
        "The base image may set a user: bench lint does not look into it, a run does.",
    ),
    "secret-in-env": Page(
        "ENV API_TOKEN=hunter2",
        "RUN --mount=type=secret,id=token fetch --token-file /run/secrets/token",
    ),
    "apk-cache-kept": Page("RUN apk add curl", "RUN apk add --no-cache curl"),
    "dnf-cache-kept": Page("RUN dnf install -y git", "RUN dnf install -y git && dnf clean all"),
    "npm-cache-kept": Page(
        "RUN npm ci --omit=dev", "RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev"
    ),
    "conda-cache-kept": Page(
        "RUN conda install -y numpy", "RUN conda install -y numpy && conda clean --all --yes"
    ),
    "node-dev-dependencies": Page(
        "RUN npm ci && npm cache clean --force",
        "RUN npm ci --omit=dev && npm cache clean --force",
        "A project whose build needs them should build in a stage of its own.",
    ),
    "apt-upgrade": Page(
        "RUN apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*",
        "FROM debian:12.12-slim",
        "Between two releases of the base it may be the only way to an urgent fix.",
    ),
    "apt-for-people": Page("RUN apt install -y git", "RUN apt-get install -y git"),
    "apt-update-alone": Page(
        "RUN apt-get update\nRUN apt-get install -y git",
        "RUN apt-get update && apt-get install -y git",
    ),
    "pip-unpinned": Page(
        "RUN pip install --no-cache-dir flask", "RUN pip install --no-cache-dir flask==3.1.0"
    ),
    "secret-file-copied": Page(
        "COPY .env /app/",
        "RUN --mount=type=secret,id=env cp /run/secrets/env /tmp/x && build && rm /tmp/x",
        "It goes by the name of the file; what is in it is not looked at.",
    ),
    "deleted-in-later-layer": Page(
        "RUN curl -o /tmp/a.tar https://example.org/a.tar\nRUN tar -xf /tmp/a.tar\n"
        "RUN rm /tmp/a.tar",
        "RUN curl -o /tmp/a.tar https://example.org/a.tar && tar -xf /tmp/a.tar && rm /tmp/a.tar",
    ),
    "chmod-in-later-layer": Page(
        "COPY start.sh /start.sh\nRUN chmod +x /start.sh", "COPY --chmod=755 start.sh /start.sh"
    ),
    "add-of-files": Page("ADD app /app", "COPY app /app"),
    "volume-then-write": Page(
        "VOLUME /data\nCOPY seed /data/seed", "COPY seed /data/seed\nVOLUME /data"
    ),
    "devel-base-shipped": Page(
        "FROM nvidia/cuda:12.6.2-cudnn-devel-ubuntu24.04",
        "FROM nvidia/cuda:12.6.2-cudnn-runtime-ubuntu24.04",
        "Frameworks that compile kernels at run time need the devel image.",
    ),
    "torch-with-cuda": Page(
        "RUN pip install --no-cache-dir torch==2.9.1",
        "RUN pip install --no-cache-dir torch==2.9.1 --index-url https://example.org/cpu",
        "An image that is meant for a GPU needs CUDA; its base need not say so.",
    ),
    "bytecode-never-kept": Page(
        'ENV PYTHONDONTWRITEBYTECODE=1\nCOPY app app\nCMD ["python", "-m", "app"]',
        'COPY app app\nRUN python -m compileall app\nCMD ["python", "-m", "app"]',
        "Of a small program the seconds are few: a run shows the CPU time up to ready.",
    ),
    "several-commands": Page('CMD ["migrate"]\nCMD ["serve"]', 'CMD ["serve"]'),
    "relative-workdir": Page("WORKDIR app", "WORKDIR /app"),
    "fetch-without-pipefail": Page(
        "RUN curl https://example.org/a.tar | tar -x",
        "RUN curl -o a.tar https://example.org/a.tar && tar -xf a.tar && rm a.tar",
    ),
    "sudo-in-run": Page("RUN sudo make install", "RUN make install"),
    "stop-signal-kill": Page("STOPSIGNAL SIGKILL", "STOPSIGNAL SIGTERM"),
    "maintainer-deprecated": Page("MAINTAINER Ada", 'LABEL org.opencontainers.image.authors="Ada"'),
    "sshd-in-image": Page("EXPOSE 22", "EXPOSE 8080"),
}
