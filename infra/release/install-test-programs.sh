#!/bin/sh
# What `npm test` takes from the machine and an agent of a workflow does not have. On Debian and Ubuntu; as root, or with sudo.
set -eu
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get update --quiet
$as_root apt-get install --yes --quiet --no-install-recommends redis-server maven default-jre-headless bubblewrap
