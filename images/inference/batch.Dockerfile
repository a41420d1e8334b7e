# A batch job around a small model. The model is made when the image is built: see train.py.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv --without-pip /opt/venv
COPY batch-requirements.txt .
RUN pip --python /opt/venv/bin/python install --no-cache-dir --compile --requirement batch-requirements.txt
COPY model.py train.py ./
RUN /opt/venv/bin/python train.py /model.npz

FROM python:3.11-slim-bookworm
COPY --from=build /opt/venv /opt/venv
COPY --from=build /model.npz /srv/model.npz
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /srv
COPY model.py batch.py ./
# One start as root leaves the bytecode of everything that is imported.
RUN python -c "import batch"
USER 10001:10001
CMD ["python", "batch.py", "model.npz"]
