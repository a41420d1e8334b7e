# A story-writing service packed the way such services are first packed. Each sin is named above its
# line; good.Dockerfile mends most of them, best.Dockerfile the rest. The context is the folder above.

# The first stage stands for a machine on which `pip install` fetches from an index: its wheels are not
# in the image, and its order is that of the sins.
# Sin: the full image; in earnest also without a release (`python`), so that nobody knows which.
FROM python:3.11-bookworm AS installed

WORKDIR /app
# Sin: everything is copied before anything is installed. Any change to any file, be it one line of
# app.py, installs all packages again, and makes the model again.
COPY storyteller .
COPY fetch_wheels.sh .cache/wheel[s]/*.whl /wheels/
RUN ls /wheels/streamlit-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-index --find-links /wheels \
        --requirement wheels.txt
RUN /opt/venv/bin/python make_model.py model

FROM python:3.11-bookworm
COPY --from=installed /opt/venv /opt/venv
COPY --from=installed /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH STREAMLIT_SERVER_HEADLESS=true

# Sin: no VOLUME. The chat history is written into the container, and goes with it.
# Sin: no EXPOSE, no USER, no HEALTHCHECK.
# Sin: shell form: `sh` is process 1 unless it happens to replace itself.
CMD python start.py
