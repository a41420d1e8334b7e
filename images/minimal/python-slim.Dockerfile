# Python on a small Debian, and a script that imports next to nothing.
FROM python:3.11-slim-bookworm
COPY wait.py /
CMD ["python", "/wait.py"]
