# The same web service, packed for a cluster. Each remedy answers a sin of bad.Dockerfile.

# Remedy: two stages. What is needed to install stays behind in the first.
FROM python:3.11-slim-bookworm AS build

# Remedy: a virtual environment without pip, so that one folder holds all there is to ship.
RUN python -m venv --without-pip /opt/venv

# Remedy: the requirements alone come first. Their layer stays the same until they change.
COPY requirements.txt .

# Remedy: what the service needs is installed when the image is built, bytecode compiled, without
# a cache.
RUN pip --python /opt/venv/bin/python install --no-cache-dir --compile --requirement requirements.txt

# Remedy: the slim image, which has an interpreter and little else.
FROM python:3.11-slim-bookworm

COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

WORKDIR /srv

# Remedy: what is needed is named, and comes last, for it changes most.
COPY app app

# Remedy: imported once as root, to leave bytecode of the service and of the standard library,
# which the user below could not write; and a build whose service does not import fails here.
RUN python -c "import app.main, uvicorn.loops.auto, uvicorn.protocols.http.auto"

# Remedy: a user without rights, by number, so that a cluster can see that it is not root.
USER 10001:10001

EXPOSE 8080

# Remedy: asks the service itself, with what the image has anyway.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]

# Remedy: exec form. The service is process 1, gets SIGTERM, and ends when asked.
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8080"]
