# The same script beside PyTorch, which it does not import: what do bytes cost that are only there?
# The context is the folder above this one.
FROM python:3.11-slim-bookworm AS packages

# The wildcards let the build come as far as the next line where nothing was fetched.
COPY fetch_wheels.sh .cache/wheel[s]/*.whl /wheels/
RUN ls /wheels/torch-*.whl > /dev/null || { echo "run images/fetch_wheels.sh first" >&2; exit 1; }
COPY minimal/wheels.txt /
RUN pip install --no-cache-dir --no-index --find-links /wheels --target /packages \
        --requirement /wheels.txt

FROM python:3.11-slim-bookworm
COPY --from=packages /packages /packages
ENV PYTHONPATH=/packages
COPY minimal/wait.py /
CMD ["python", "/wait.py"]
