# Habit: the packages are installed at each start, from an index on the network (index.Dockerfile).
# Nothing in the image can be imported before, and so nothing is compiled ahead.

FROM python:3.11-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libxxhash-dev
COPY native native
RUN gcc -O2 -shared -fPIC -o /usr/local/lib/libdigest.so native/digest.c -lxxhash

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1
ENV PYTHONPATH=/tmp/packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends libxxhash0 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/lib/libdigest.so /usr/local/lib/

WORKDIR /srv
COPY requirements.txt .
COPY . .

USER 10001:10001
EXPOSE 8080
CMD ["sh", "-c", "pip install --no-cache-dir --target /tmp/packages --no-index --find-links http://index:8000/ --trusted-host index --requirement requirements.txt && exec python -m app"]
