# The same service with the lessons of the course: a pinned slim base, what changes seldom first, and
# port and volume declared. The context is the folder above this one.
FROM python:3.11-slim-bookworm AS installed

# Remedy: no bytecode is written, which makes the image smaller, and every start longer: COMPILE says
# whether pip leaves it, and the scenario measures both.
ARG COMPILE=--no-compile
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1

WORKDIR /app
# Stands for the index that PyTorch is fetched from: nothing of it is in the image.
COPY fetch_wheels.sh .cache/wheel[s]/*.whl /wheels/
RUN ls /wheels/torch-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }
COPY storyteller/requirements.txt ./
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install $COMPILE --find-links /wheels \
        --requirement requirements.txt
COPY storyteller/make_model.py ./
RUN /opt/venv/bin/python make_model.py model

FROM python:3.11-slim-bookworm

# Remedy: system packages, packages, model, and the code last: a changed line makes one layer new.
RUN apt-get update && apt-get install -y --no-install-recommends curl \
 && rm -rf /var/lib/apt/lists/*
COPY --from=installed /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_HEADLESS=true HISTORY=/data

WORKDIR /app
COPY --from=installed /app/model model
COPY storyteller/*.py ./

# Remedy: port and volume are declared; the history outlives the container.
EXPOSE 8501
VOLUME /data
HEALTHCHECK --interval=90s --timeout=5s CMD ["curl", "-fsS", "http://127.0.0.1:8501/_stcore/health"]
CMD ["python", "start.py"]
