# The wheels that download-at-start.Dockerfile installs at its start, and nothing else, as a folder
# that pip searches. It stands beside the container that is measured, so that each trial fetches the
# same files over the same way.
FROM python:3.11-slim-bookworm AS fetch
WORKDIR /wheels
COPY requirements.txt /
RUN pip download --no-cache-dir --only-binary :all: --requirement /requirements.txt

FROM python:3.11-slim-bookworm
COPY --from=fetch /wheels /wheels
USER 10001:10001
EXPOSE 8000
# The file server ends in good order on Ctrl-C, which is this signal.
STOPSIGNAL SIGINT
CMD ["python", "-m", "http.server", "8000", "--directory", "/wheels"]
