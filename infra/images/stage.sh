#!/bin/sh
# Run by the Dockerfiles, in the stage that builds: makes in /image the whole file system of an image, which has a program, the
# libraries that this asks for, the named workspaces and the packages that these need in production, and nothing else: no shell.
#
#   stage.sh KIND PROGRAM WORKSPACE...
set -eu
kind=$1
program=$2
shift 2

workspaces=""
for folder in "$@"; do workspaces="$workspaces -w $folder"; done
# Scripts of packages do not run; the one of ours that mends a package does.
# shellcheck disable=SC2086
npm ci --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund --loglevel=error $workspaces
node infra/patches/apply.js
find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
find node_modules -type d \( -name test -o -name tests -o -name __tests__ \) -prune -exec rm -rf {} +
mkdir -p /image/app /image/etc /image/var/lib/soma
chown 65532:65532 /image/var/lib/soma
node infra/images/write-sbom.ts "soma-$kind" > /image/app/sbom.cdx.json
mkdir -m 1777 /image/tmp
cp --parents -a node_modules infra/images/healthy.js "$@" /image/app
# Deno looks for each workspace that is listed.
node -e 'const { name, version } = require("/app/package.json");
console.log(JSON.stringify({ name, version, private: true, type: "module", workspaces: process.argv.slice(1) }, null, 2))' \
  "$@" > /image/app/package.json
# A workspace that is not named is a link to nothing.
find /image/app/node_modules -xtype l -delete

ldd "$program" | grep -o '/[^ ]*' | while read -r library; do cp --parents -L "$library" /image; done
cp --parents -L "$program" /image
cp --parents -L /usr/share/doc/libc6/copyright /usr/share/doc/libstdc++6/copyright /usr/share/doc/libgcc-s1/copyright /image
# What scanners ask for what is installed, and of which system: without that they look at none of it.
cp --parents -L /etc/os-release /etc/debian_version /image
for package in libc6 libstdc++6 libgcc-s1; do
  mkdir -p /image/var/lib/dpkg/status.d
  dpkg-query --status "$package" > "/image/var/lib/dpkg/status.d/$package"
done
echo 'soma:x:65532:65532:soma:/var/lib/soma:/sbin/nologin' > /image/etc/passwd
echo 'soma:x:65532:' > /image/etc/group
echo 'hosts: files dns' > /image/etc/nsswitch.conf
