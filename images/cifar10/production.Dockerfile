# Trained once, when the image is built; what runs is a slim image with the model and the code that
# asks it. The context is the folder above this one.
FROM python:3.11-bookworm AS training

COPY fetch_wheels.sh .cache/wheel[s]/*.whl /wheels/
RUN ls /wheels/torch-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }
# Remedy: headers, tests and tools are for those who build on PyTorch: a fifth of its files.
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-cache-dir --no-index --find-links /wheels \
        --compile torch==2.13.0 \
 && cd /opt/venv/lib/python3.11/site-packages/torch && rm -rf include share test \
 && find bin -type f ! -name torch_shm_manager -delete
ENV PATH=/opt/venv/bin:$PATH

WORKDIR /srv
COPY cifar10/make_data.py ./
RUN python make_data.py data
COPY cifar10/net.py cifar10/train.py cifar10/serve.py ./
RUN python train.py data model.pt
# Leaves the bytecode of what the service imports, where the user below cannot write.
RUN python -c "import net, serve, torch"

# Remedy: the slim image. Compilers, training code and data stay in the stage above.
FROM python:3.11-slim-bookworm

COPY --from=training /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1

WORKDIR /srv
COPY --from=training /srv/model.pt /srv/net.py /srv/serve.py ./
COPY --from=training /srv/__pycache__ __pycache__

USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["python", "serve.py", "model.pt"]
