#!/bin/sh
# An option or a script alone means node; everything else is a command of its own.
set -e
first=${1:-}
if [ "${first#-}" != "$first" ] || ! command -v "$first" >/dev/null 2>&1; then
    set -- node "$@"
elif [ -f "$first" ] && [ ! -x "$first" ]; then
    set -- node "$@"
fi
exec "$@"
