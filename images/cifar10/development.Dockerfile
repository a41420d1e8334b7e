# The same tools, with everything baked in: nothing is fetched at the start. It is what one works in,
# and it trains when it starts. The context is the folder above this one.

# Stands for the package index: nothing of it is in the image but what pip installed.
FROM python:3.11-bookworm AS packages
COPY fetch_wheels.sh .cache/wheel[s]/*.whl /wheels/
RUN ls /wheels/torch-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-cache-dir --no-index --find-links /wheels \
        torch==2.13.0

# Still a sin: the image of tools. Remedy: installed in the build, data and program in the image.
FROM python:3.11-bookworm

COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1

WORKDIR /srv
COPY cifar10/make_data.py ./
RUN python make_data.py data
COPY cifar10/net.py cifar10/train.py cifar10/serve.py ./

USER 10001:10001
EXPOSE 8080
# Remedy: exec form. The program is process 1, and gets the signals.
CMD ["python", "train.py", "data", "/tmp/model.pt", "--serve"]
