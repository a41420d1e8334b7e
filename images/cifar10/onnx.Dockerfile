# The trained network for ONNX Runtime: the image that runs has no PyTorch at all. The context is the
# folder above this one.
FROM python:3.11-bookworm AS training

COPY fetch_wheels.sh .cache/wheel[s]/*.whl /wheels/
RUN ls /wheels/torch-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }
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
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-index --find-links /wheels \
        onnx onnxscript
COPY cifar10/export.py ./
RUN python export.py model.pt model.onnx

# What runs it: 130 MiB of packages instead of 700.
RUN python -m venv --without-pip /opt/runtime \
 && pip --python /opt/runtime/bin/python install --no-cache-dir --no-index --find-links /wheels \
        --compile onnxruntime==1.32.0
RUN /opt/runtime/bin/python -c "import serve, onnxruntime"

FROM python:3.11-slim-bookworm

COPY --from=training /opt/runtime /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1

WORKDIR /srv
COPY --from=training /srv/model.onnx /srv/serve.py ./

USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["python", "serve.py", "model.onnx"]
