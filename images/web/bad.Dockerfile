# A web service packed the way that is quickly written and slow to live with. Every sin is named
# above its line, and mended in good.Dockerfile.

# Sin: the full image. Compilers, headers and four version control systems are shipped to every
# node, and none of them is ever run there.
FROM python:3.11-bookworm

WORKDIR /srv

# Sin: everything is copied, before anything is installed. Tests, notes and other Dockerfiles
# come along, and a change in any of them makes all layers below new, to be pulled again.
COPY . .

# Sin: tools for whoever might log in, with all that apt recommends, and the package lists left
# behind. A later `rm` would not help: this layer has been written.
RUN apt-get update
RUN apt-get install -y curl vim

# Sin: a notebook's tools, which the service never imports, and pip's cache of the same files
# once more.
RUN pip install pandas==2.3.3

# Sin: no USER. The service runs as root.
# Sin: no HEALTHCHECK. An engine can only say that there is a process, not that it answers.
EXPOSE 8080

# Sin: a command in shell form, which hands over to a script that installs what the service needs
# each time it starts, from an index on the network, and does not `exec` the service: SIGTERM ends
# with bash, which does not pass it on, and after the grace period everything is killed.
CMD bash start.sh
