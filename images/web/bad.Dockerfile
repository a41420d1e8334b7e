# A web service packed the way that is quickly written and slow to live with. Each sin is named
# above its line; good.Dockerfile mends them one by one.

# Sin: the full image. Compilers, headers and three version control systems go to every node, and
# none of them is ever used there.
FROM python:3.11-bookworm

WORKDIR /srv

# Sin: everything is copied, without a .dockerignore and before anything is installed. Whatever
# lies in the folder comes along, and a change to any of it makes all the layers below new: they
# are built, pushed and pulled again.
COPY . .

# Sin: tools for whoever might log in one day, with all that apt recommends. The package lists stay
# in a layer of their own; a later `rm` would only hide them.
RUN apt-get update
RUN apt-get install -y curl vim

# Sin: what the notebooks next door need. The service never imports it, and pip keeps the downloads
# as well.
RUN pip install pandas==2.3.3

# Sin: no USER. The service runs as root.
# Sin: no HEALTHCHECK. The engine knows that a process is there, not whether it answers.
EXPOSE 8080

# Sin: the service's own packages are missing. A script fetches them from an index on the network,
# at each start of each replica, and pip itself first.
# Sin: shell form, and a script that does not `exec`. SIGTERM ends at the shell, which does not pass
# it on; after the grace period all is killed, with whatever was being answered.
CMD bash start.sh
