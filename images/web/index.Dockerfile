# A package index with what bad.Dockerfile fetches at its start, and nothing else. It stands beside
# the container that is measured, so that each trial fetches the same files over the same way.
FROM python:3.11-slim-bookworm AS fetch

WORKDIR /fetch
COPY requirements.txt index/make_index.py ./

# From whatever index pip is set up with where this is built.
RUN pip download --no-cache-dir --only-binary :all: --dest wheels \
        --requirement requirements.txt pip==26.3 \
 && python make_index.py wheels /index

FROM python:3.11-slim-bookworm

COPY --from=fetch /index /index
USER 10001:10001
EXPOSE 8000
# The file server ends in good order on Ctrl-C, which is this signal.
STOPSIGNAL SIGINT
CMD ["python", "-m", "http.server", "8000", "--directory", "/index"]
