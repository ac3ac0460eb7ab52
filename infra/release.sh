#!/bin/sh
# One step of a release: infra/release.sh STEP. Without a step it tells which there are.
#
# The workflow deploy-soma-stack has these steps and no others; each runs on any machine, by what the environment says:
#
#   DEPLOY_MODE            dev_prod, prod or prod_ha: the overlay
#   RELEASE_REGISTRY       where images are, such as registry.example.com/soma
#   RELEASE_TAG            their tag
#   RELEASE_NAME           of the release in the cluster; soma when left out
#   RELEASE_NAMESPACE      its namespace; soma when left out
#   RELEASE_VALUES         a file of your own values, after those of the overlay
#   RELEASE_URL            where the product is asked once it is there, and SOMA_TOKEN, by whom
#   RELEASE_CANARY         a program that moves the traffic by and by, such as infra/canary.sh; none when left out
#   RELEASE_REGISTRY_USER, RELEASE_REGISTRY_PASSWORD   who pushes images
#   RELEASE_KUBECONFIG     the text of a kubeconfig; that of this machine when left out
#   DRY_RUN                1 says what would be done, and changes nothing
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
node="$root/node_modules/node/bin/node"
[ -x "$node" ] || { echo "release: Node is not installed yet; run npm install in $root" >&2; exit 1; }
cd "$root"
exec "$node" infra/release/main.ts "$@"
