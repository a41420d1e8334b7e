# The same service with the lessons of the course: a pinned slim base, what changes seldom first, and
# port and volume declared. The context is the folder above this one.
FROM python:3.11-slim-bookworm AS installed

# Remedy: no bytecode is written, which makes the image smaller. That every start compiles what it
# imports, the course does not say, and measuring does.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1

WORKDIR /app
# Stands for the index that packages are fetched from: nothing of it is in the image.
COPY fetch_wheels.sh .cache/wheel[s]/*.whl /wheels/
RUN ls /wheels/streamlit-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }
COPY storyteller/wheels.txt ./
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-compile --no-index --find-links /wheels \
        --requirement wheels.txt
COPY storyteller/make_model.py ./
RUN /opt/venv/bin/python make_model.py model

FROM python:3.11-slim-bookworm

# Remedy: packages, model, and the code last: a changed line makes one layer new.
COPY --from=installed /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_HEADLESS=true HISTORY=/data

WORKDIR /app
COPY --from=installed /app/model model
COPY storyteller/*.py ./

# Remedy: port and volume are declared; the history outlives the container.
EXPOSE 8501
VOLUME /data
HEALTHCHECK --interval=90s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "start.py"]
