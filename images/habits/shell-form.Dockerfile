# Habit: the shell form of CMD. The shell is process 1 and keeps SIGTERM to itself; after the grace
# period all is killed.

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
COPY . .
RUN python -c "import app.web, waitress"

USER 10001:10001
EXPOSE 8080
CMD python -m app
