# The same web service, packed for a cluster. Each remedy answers a sin of bad.Dockerfile.

# Remedy: two stages. What only the installation needs stays behind in the first.
FROM python:3.11-slim-bookworm AS build

# Remedy: a virtual environment without pip: one folder, with all there is to ship.
RUN python -m venv --without-pip /opt/venv

# Remedy: the list of packages comes alone and first. Its layers stay until the list changes.
COPY requirements.txt .

# Remedy: packages are installed when the image is built, bytecode compiled, without a cache.
RUN pip --python /opt/venv/bin/python install --no-cache-dir --compile --requirement requirements.txt

# Remedy: the slim image, which holds an interpreter and little else.
FROM python:3.11-slim-bookworm

COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

WORKDIR /srv

# Remedy: what is needed is called by its name, and comes last because it changes most.
COPY app app

# Remedy: one import as root leaves the bytecode of the service, and of the standard library as far
# as it is used (the last two are what the server loads late), where the user below cannot write.
# A service that does not import fails here, and not in the cluster.
RUN python -c "import app.main, uvicorn.loops.auto, uvicorn.protocols.http.auto" \
 && python -c "import concurrent.futures.thread, encodings.idna"

# Remedy: a user without rights, by number: a cluster sees that this is not root.
USER 10001:10001

EXPOSE 8080

# Remedy: the service is asked whether it answers, with what the image has anyway.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]

# Remedy: exec form. The service is process 1, gets the SIGTERM and ends in good order.
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8080"]
