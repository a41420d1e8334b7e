# Habit: one stage. What only compiles is shipped with what runs.

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libxxhash-dev \
 && rm -rf /var/lib/apt/lists/*
COPY native native
RUN gcc -O2 -shared -fPIC -o /usr/local/lib/libdigest.so native/digest.c -lxxhash

WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir --compile --requirement requirements.txt
COPY . .
RUN python -c "import app.web, waitress"

USER 10001:10001
EXPOSE 8080
CMD ["python", "-m", "app"]
