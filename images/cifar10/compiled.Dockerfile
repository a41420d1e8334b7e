# The trained network compiled to TorchScript: the runtime image has a model that needs no code of
# its own, neither that of the training nor that of the network. The context is the folder above.
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
COPY cifar10/export.py ./
RUN python export.py model.pt model.ts
# Leaves the bytecode of what the service imports, where the user below cannot write.
RUN python -c "import serve, torch"

FROM python:3.11-slim-bookworm

COPY --from=training /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1

WORKDIR /srv
COPY --from=training /srv/model.ts /srv/serve.py ./

USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["python", "serve.py", "model.ts"]
