# One static binary and nothing else: the least that an image can hold.
FROM python:3.11-bookworm AS build
COPY wait.c /
RUN gcc -O2 -static -s -o /wait /wait.c

FROM scratch
COPY --from=build /wait /
CMD ["/wait"]
