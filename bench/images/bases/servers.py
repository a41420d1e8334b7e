"""Recipes of bases that are servers: nginx, PostgreSQL and Redis, as Debian has them."""

from __future__ import annotations

from bench.images.bases.table import Base, Layer, root

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def nginx(suite: str, version: str) -> tuple[Base, ...]:
    """Nginx with the paths, the user and the logs of the official image."""
    server = Layer(
        before=(
            "groupadd --system --gid 101 nginx",
            (
                "useradd --system --uid 101 --gid nginx --no-create-home"
                " --home-dir /nonexistent --shell /bin/false nginx"
            ),
        ),
        packages=("ca-certificates", "curl", "gettext-base", "nginx"),
        after=(
            "rm -r /etc/nginx/sites-available /etc/nginx/sites-enabled",
            "mkdir -p /docker-entrypoint.d /var/cache/nginx",
            "ln -sf /dev/stdout /var/log/nginx/access.log",
            "ln -sf /dev/stderr /var/log/nginx/error.log",
        ),
    )
    return (
        Base(
            name=f"nginx:{version}-{suite}",
            command=("nginx", "-g", "daemon off;"),
            suite=suite,
            version=version,
            parent=root(suite),
            layers=(server,),
            files=(
                ("nginx-entrypoint.sh", "/docker-entrypoint.sh"),
                ("nginx.conf", "/etc/nginx/nginx.conf"),
                ("nginx-default.conf", "/etc/nginx/conf.d/default.conf"),
            ),
            settings=('ENTRYPOINT ["/docker-entrypoint.sh"]', "EXPOSE 80", "STOPSIGNAL SIGQUIT"),
            shown=("nginx",),
            version_variable="NGINX_VERSION",
        ),
    )


def _postgres_server(version: str) -> Layer:
    return Layer(
        before=(
            "groupadd --system --gid 999 postgres",
            (
                "useradd --system --uid 999 --gid postgres --home-dir /var/lib/postgresql"
                " --shell /bin/bash postgres"
            ),
            "mkdir -p /usr/share/man/man1 /usr/share/man/man7 /etc/postgresql-common",
            # the package would make a database in the image
            "echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf",
        ),
        packages=(
            "ca-certificates",
            "gosu",
            "locales",
            f"postgresql-{version}",
            "xz-utils",
            "zstd",
        ),
        after=(
            "localedef -i en_US -c -f UTF-8 en_US.UTF-8",
            "mkdir -p /docker-entrypoint-initdb.d",
            (
                "sed -i \"s/^#*listen_addresses = .*/listen_addresses = '*'/\""
                f" /usr/share/postgresql/{version}/postgresql.conf.sample"
            ),
            "install -d -o postgres -g postgres -m 3777 /var/run/postgresql",
            "install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data",
        ),
    )


def postgres(suite: str, version: str) -> tuple[Base, ...]:
    """PostgreSQL that makes its database at its first start."""
    programs = f"/usr/lib/postgresql/{version}/bin"
    return (
        Base(
            name=f"postgres:{version}-{suite}",
            command=("postgres",),
            suite=suite,
            version=version,
            parent=root(suite),
            layers=(_postgres_server(version),),
            files=(("postgres-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh"),),
            environment=(
                ("LANG", "en_US.utf8"),
                ("PG_MAJOR", version),
                ("PATH", f"{_PATH}:{programs}"),
                ("PGDATA", "/var/lib/postgresql/data"),
            ),
            settings=(
                "VOLUME /var/lib/postgresql/data",
                'ENTRYPOINT ["docker-entrypoint.sh"]',
                "STOPSIGNAL SIGINT",
                "EXPOSE 5432",
            ),
            shown=(f"postgresql-{version}",),
            version_variable="PG_VERSION",
        ),
    )


def redis(suite: str, version: str) -> tuple[Base, ...]:
    """Redis that keeps its data under /data."""
    server = Layer(
        before=(
            "groupadd --system --gid 999 redis",
            "useradd --system --uid 999 --gid redis --home-dir /var/lib/redis redis",
        ),
        packages=("gosu", "redis-server", "redis-tools"),
        after=("install -d -o redis -g redis /data",),
    )
    return (
        Base(
            name=f"redis:{version}-{suite}",
            command=("redis-server",),
            suite=suite,
            version=version,
            parent=root(suite),
            layers=(server,),
            files=(("redis-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh"),),
            settings=(
                "VOLUME /data",
                "WORKDIR /data",
                'ENTRYPOINT ["docker-entrypoint.sh"]',
                "EXPOSE 6379",
            ),
            shown=("redis-server",),
            version_variable="REDIS_VERSION",
        ),
    )
