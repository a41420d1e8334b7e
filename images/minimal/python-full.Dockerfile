# The same script on Python with compilers, headers and version control.
FROM python:3.11-bookworm
COPY wait.py /
CMD ["python", "/wait.py"]
