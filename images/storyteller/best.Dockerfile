# The same service, packed by what bench measures. Each remedy answers something that good.Dockerfile
# left. The context is the folder above this one.
FROM python:3.11-slim-bookworm AS installed

WORKDIR /app
# Stands for the index that packages are fetched from: nothing of it is in the image.
COPY fetch_wheels.sh .cache/wheel[s]/*.whl /wheels/
RUN ls /wheels/streamlit-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }
COPY storyteller/wheels.txt ./
# Remedy: headers and what else is for those who build on PyTorch stay out.
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-index \
        --find-links /wheels --requirement wheels.txt \
 && cd /opt/venv/lib/python3.11/site-packages/torch && rm -rf include share test \
 && find bin -type f ! -name torch_shm_manager -delete
COPY storyteller/make_model.py ./
# Remedy: weights are kept in half precision, which is half the bytes to pull, and computed with in
# full precision.
RUN /opt/venv/bin/python make_model.py model bfloat16

FROM python:3.11-slim-bookworm

COPY --from=installed /opt/venv /opt/venv
# Remedy: to show its address in a greeting that nobody reads, Streamlit asks a server outside for it at
# each start: there is no greeting. Nothing else is asked of the outside either.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HISTORY=/data HF_HUB_OFFLINE=1 \
    STREAMLIT_SERVER_HEADLESS=true STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE=true \
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false STREAMLIT_SERVER_FILE_WATCHER_TYPE=none

WORKDIR /app
COPY --from=installed /app/model model
# Remedy: bytecode of what the service imports, Python's own modules among it, and of nothing else.
COPY storyteller/make_model.py ./
RUN python -c "import make_model; make_model.try_out('model')" \
 && python -c "import streamlit.web.cli, streamlit.web.bootstrap, pandas, pyarrow"

# Remedy: a user without rights, by number, to whom the folder of the volume belongs.
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
EXPOSE 8501
VOLUME /data
# Remedy: asked with what the image has, and soon enough to know.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=2)"]
CMD ["python", "start.py"]
# Remedy: the code is the last line, and the only one that a change of it has done again.
COPY storyteller/*.py ./
