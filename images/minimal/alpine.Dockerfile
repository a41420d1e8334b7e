# A small Alpine, and the shell script. Docker Hub alone has the base.
FROM alpine:3.22
COPY wait.sh /
CMD ["sh", "/wait.sh"]
