#!/bin/sh
# Moves the traffic from one release to another, step by step: infra/canary.sh --release NAME --namespace NAME [OPTIONS]
#
#   --steps LIST   the shares of the new release, in percent; 5,25,50,100 when left out, 100 is blue and green
#   --json FILE    the report of each step; .tmp/release/canary.json when left out
#
# Ends with 0 when all of the traffic is at the new release. Otherwise all of it is at the other one, and it ends with 1.
# Which one that is, who divides the traffic and what is measured is said by the environment: docs/operator/canary.md
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
node="$root/node_modules/node/bin/node"
[ -x "$node" ] || { echo "canary: Node is not installed yet; run npm install in $root" >&2; exit 1; }
cd "$root"
exec "$node" infra/release/canary/main.ts "$@"
