# A training container as it was found: an image of tools, and a line of shell that fetches the rest
# when the container starts. Each sin is named above its line; development.Dockerfile mends the
# first of them, production.Dockerfile the others.

# Sin: compilers, headers and version control go to every node.
FROM python:3.11-bookworm

WORKDIR /srv

# Sin: packages, program and data come over the network, at every start of every replica. `downloads`
# is the scenario's own service, and stands for the internet.
# Sin: while all that goes on `bash` is process 1, and keeps the signals to itself; only the last of
# its commands takes its place.
# Sin: it runs as root, which it needs to install anything.
CMD ["bash", "-c", "pip install --no-cache-dir --index-url http://downloads:8000/simple --trusted-host downloads torch==2.13.0 && wget -nv http://downloads:8000/net.py http://downloads:8000/train.py http://downloads:8000/serve.py && python train.py http://downloads:8000/data model.pt --serve"]
