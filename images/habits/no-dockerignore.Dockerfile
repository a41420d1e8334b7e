# Habit: no .dockerignore. `COPY . .` ships whatever lies in the folder: here the virtual environment
# in which the service is worked on. A clean checkout has none, so that a stage makes such a folder,
# and stands for the context. All of that is sent to the builder at each build, too, which is not
# seen here.

FROM python:3.11-slim-bookworm AS folder
WORKDIR /folder
COPY requirements.txt .
RUN python -m venv --without-pip .venv \
 && pip --python .venv/bin/python install --no-cache-dir --requirement requirements.txt
COPY . .

FROM python:3.11-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libxxhash-dev
COPY native native
RUN gcc -O2 -shared -fPIC -o /usr/local/lib/libdigest.so native/digest.c -lxxhash

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1
RUN apt-get update \
 && apt-get install -y --no-install-recommends libxxhash0 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/lib/libdigest.so /usr/local/lib/

WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir --compile --requirement requirements.txt
COPY --from=folder /folder .
RUN python -c "import app.web, waitress"

USER 10001:10001
EXPOSE 8080
CMD ["python", "-m", "app"]
