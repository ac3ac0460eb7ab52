#!/bin/sh
# The environment of a mode, as a file for every container: infra/generate-global-env.sh [OPTIONS]
#
#   --mode MODE        dev_full, dev_prod, prod or prod_ha; DEPLOY_MODE when left out, else dev_full
#   --out FILE         where to; SOMA_GLOBAL_ENV when left out, else /root/soma-global.env
#   --set NAME=VALUE   a setting that is otherwise here, such as --set SOMA_KAFKA_BROKERS=a:9093,b:9093; may be repeated
#   --print            print it, and write nothing
#   --check            write nothing, and fail when the file is not what would be written
#   --force            replace a file that was changed by hand
#
# What the mode refuses is refused by name, and nothing is written. The file holds no secret and is its owner's alone.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
node="$root/node_modules/node/bin/node"
[ -x "$node" ] || { echo "generate-global-env: Node is not installed yet; run npm install in $root" >&2; exit 1; }
exec "$node" "$root/infra/config/write-env-file.ts" "$@"
