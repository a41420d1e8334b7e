#!/bin/sh
# redis-server as the user redis, reachable from other containers as in the official image.
set -e
case "${1:-}" in
-* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ]; then
    if [ "$(id -u)" = 0 ]; then
        find . ! -user redis -exec chown redis '{}' +
        exec gosu redis "$0" "$@"
    fi
    # Debian's server refuses strangers unless it is told otherwise: by a file or an option, or here
    case " $* " in
    *" --protected-mode "*) ;;
    *) grep -qs '^[[:space:]]*protected-mode' "${2:-}" || set -- "$@" --protected-mode no ;;
    esac
fi
exec "$@"
