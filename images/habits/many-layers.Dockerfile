# Habit: an instruction, and so a layer, for each package and each file.

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
RUN pip install --no-cache-dir --compile --no-deps blinker==1.9.0
RUN pip install --no-cache-dir --compile --no-deps click==8.5.1
RUN pip install --no-cache-dir --compile --no-deps Flask==3.1.3
RUN pip install --no-cache-dir --compile --no-deps itsdangerous==2.2.0
RUN pip install --no-cache-dir --compile --no-deps Jinja2==3.1.6
RUN pip install --no-cache-dir --compile --no-deps MarkupSafe==3.0.4
RUN pip install --no-cache-dir --compile --no-deps SQLAlchemy==2.1.9
RUN pip install --no-cache-dir --compile --no-deps typing_extensions==4.16.0
RUN pip install --no-cache-dir --compile --no-deps waitress==3.0.2
RUN pip install --no-cache-dir --compile --no-deps Werkzeug==3.1.9
COPY app/__init__.py app/
COPY app/__main__.py app/
COPY app/digest.py app/
COPY app/notes.py app/
COPY app/web.py app/
RUN python -c "import app.web, waitress"

USER 10001:10001
EXPOSE 8080
CMD ["python", "-m", "app"]
