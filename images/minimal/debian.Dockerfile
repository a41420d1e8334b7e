# A small Debian, and a shell script.
FROM debian:bookworm-slim
COPY wait.sh /
CMD ["sh", "/wait.sh"]
