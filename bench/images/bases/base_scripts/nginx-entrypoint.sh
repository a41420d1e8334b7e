#!/bin/sh
# Before nginx starts: fill in the templates, then run what the image has in /docker-entrypoint.d.
set -e

templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
suffix=${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}
output=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}

fill_in_templates() {
    [ -d "$templates" ] || return 0
    # only what is set is replaced, for nginx has variables of its own
    names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p')
    find -L "$templates" -type f -name "*$suffix" | while read -r template; do
        path=${template#"$templates"/}
        mkdir -p "$output/$(dirname "$path")"
        envsubst "$names" <"$template" >"$output/${path%"$suffix"}"
    done
}

case "${1:-}" in
nginx | nginx-debug)
    fill_in_templates
    for step in /docker-entrypoint.d/*; do
        [ -x "$step" ] || continue
        case "$step" in
        *.envsh) . "$step" ;;
        *.sh) "$step" ;;
        esac
    done
    ;;
esac
exec "$@"
