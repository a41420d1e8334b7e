# Python on a small Alpine, and the script. Docker Hub alone has the base.
FROM python:3.11-alpine
COPY wait.py /
CMD ["python", "/wait.py"]
