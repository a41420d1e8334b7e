#!/bin/bash
# Makes a database where there is none yet, runs what /docker-entrypoint-initdb.d holds, and then
# becomes the server.
set -eo pipefail

# A setting may stand in the file that NAME_FILE names.
setting() {
    local name=$1 file="${1}_FILE"
    if [ -n "${!file:-}" ]; then
        if [ -n "${!name:-}" ]; then
            echo "error: both $name and $file are set" >&2
            exit 1
        fi
        export "$name=$(<"${!file}")"
        unset "$file"
    else
        export "$name=${!name:-${2:-}}"
    fi
}

sql() {
    psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" \
        --dbname "$POSTGRES_DB" "$@"
}

make_cluster() {
    if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
        echo "error: the database has no superuser password: set POSTGRES_PASSWORD," >&2
        echo "or POSTGRES_HOST_AUTH_METHOD=trust to let everybody in without one" >&2
        exit 1
    fi
    local options
    read -r -a options <<<"${POSTGRES_INITDB_ARGS:-}"
    if [ -n "$POSTGRES_PASSWORD" ]; then
        initdb --pgdata "$PGDATA" --username "$POSTGRES_USER" \
            --pwfile <(printf '%s\n' "$POSTGRES_PASSWORD") "${options[@]}"
    else
        initdb --pgdata "$PGDATA" --username "$POSTGRES_USER" "${options[@]}"
    fi
    local method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption -D "$PGDATA")}
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

fill_cluster() {
    # local alone: nobody outside is to find a database that is half made
    PGPASSWORD=$POSTGRES_PASSWORD
    export PGPASSWORD
    pg_ctl --pgdata "$PGDATA" --wait -o "-c listen_addresses=''" start
    if [ "$POSTGRES_DB" != postgres ]; then
        POSTGRES_DB=postgres sql --set name="$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
    fi
    local step
    for step in /docker-entrypoint-initdb.d/*; do
        case "$step" in
        *.sh) if [ -x "$step" ]; then "$step"; else . "$step"; fi ;;
        *.sql) sql --file "$step" ;;
        *.sql.gz) gunzip --stdout "$step" | sql ;;
        *.sql.xz) xzcat "$step" | sql ;;
        *.sql.zst) zstd --decompress --stdout "$step" | sql ;;
        esac
    done
    pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
    unset PGPASSWORD
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

if [ "${1:0:1}" = - ]; then
    set -- postgres "$@"
fi
if [ "$1" = postgres ]; then
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$PGDATA"
        chmod 700 "$PGDATA"
        find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres '{}' +
        exec gosu postgres "$0" "$@"
    fi
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        setting POSTGRES_PASSWORD
        setting POSTGRES_USER postgres
        setting POSTGRES_DB "$POSTGRES_USER"
        setting POSTGRES_INITDB_ARGS
        : "${POSTGRES_HOST_AUTH_METHOD:=}"
        make_cluster
        fill_cluster
    fi
fi
exec "$@"
