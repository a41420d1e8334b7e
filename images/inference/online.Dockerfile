# A service around a small model. The model is made when the image is built: see train.py.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv --without-pip /opt/venv
COPY online-requirements.txt .
RUN pip --python /opt/venv/bin/python install --no-cache-dir --compile --requirement online-requirements.txt
COPY model.py train.py ./
RUN /opt/venv/bin/python train.py /model.npz

FROM python:3.11-slim-bookworm
COPY --from=build /opt/venv /opt/venv
COPY --from=build /model.npz /srv/model.npz
ENV PATH=/opt/venv/bin:$PATH MODEL=/srv/model.npz
WORKDIR /srv
COPY model.py online.py ./
# One import as root leaves the bytecode of everything that is used.
RUN python -c "import online, uvicorn.loops.auto, uvicorn.protocols.http.auto" \
 && python -c "import concurrent.futures.thread, encodings.idna"
USER 10001:10001
EXPOSE 8080
CMD ["uvicorn", "online:app", "--host", "0.0.0.0", "--port", "8080", "--no-access-log"]
