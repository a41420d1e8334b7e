# What found.Dockerfile fetches at its start: a package index with PyTorch, the program, and the data
# set. It stands beside the container that is measured, so that each trial fetches the same files
# over the same way. The context is the folder above this one.
FROM python:3.11-slim-bookworm AS files

WORKDIR /files
# The wildcards let the build come as far as the next line where nothing was fetched.
COPY fetch_wheels.sh .cache/wheel[s]/*.whl wheels/
RUN ls wheels/torch-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }

COPY web/index/make_index.py cifar10/make_data.py ./
RUN python make_index.py wheels /srv/files && python make_data.py /srv/files/data

FROM python:3.11-slim-bookworm

COPY --from=files /srv/files /srv/files
COPY cifar10/net.py cifar10/train.py cifar10/serve.py /srv/files/
USER 10001:10001
EXPOSE 8000
# The file server ends in good order on Ctrl-C, which is this signal.
STOPSIGNAL SIGINT
CMD ["python", "-m", "http.server", "8000", "--directory", "/srv/files"]
