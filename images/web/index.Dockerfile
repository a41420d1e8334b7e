# A package index with the wheels of requirements.txt and nothing else, so that what bad.Dockerfile
# fetches when it starts comes from beside it, the same in every trial, and not from the internet.
FROM python:3.11-slim-bookworm AS fetch

WORKDIR /fetch
COPY requirements.txt index/make_index.py ./

# From whatever index pip is set up with where this is built.
RUN pip download --no-cache-dir --only-binary :all: --dest wheels --requirement requirements.txt \
 && python make_index.py wheels /index

FROM python:3.11-slim-bookworm

COPY --from=fetch /index /index
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGINT
CMD ["python", "-m", "http.server", "8000", "--directory", "/index"]
