#!/bin/sh
# Keys that were left in the tree, and what is wrong with Dockerfiles and charts: infra/scan.sh [OPTIONS]
#
#   --fail-on LEVEL     what ends with 1: CRITICAL when left out, else HIGH, MEDIUM or LOW, and all above it
#   --vulnerabilities   also known faults of the packages that are used; it fetches their list, which needs the internet
#   --image NAME        an image instead of the tree, with --vulnerabilities too; may be repeated
#   --json FILE         where all findings are written to
#   DIR                 the tree; this project when left out
#
# By Trivy, which needs Python to be installed, and Helm where there are charts.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
node="$root/node_modules/node/bin/node"
[ -x "$node" ] || { echo "scan: Node is not installed yet; run npm install in $root" >&2; exit 1; }
exec "$node" "$root/infra/scan/main.ts" "$@"
