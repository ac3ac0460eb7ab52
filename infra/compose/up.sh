#!/bin/sh
# Starts the stack and waits until every part is ready. docker compose knows the order by itself; podman-compose leaves it out
# with a Podman that cannot wait for health, such as 4.3.1, so that it is kept here.
set -eu
cd "$(dirname "$0")"
# Passwords and keys stay; a version may tell a part more of them than the one before did.
../../node_modules/.bin/node ../config/write-secret-files.ts

if command -v docker > /dev/null && docker compose version > /dev/null 2>&1 && docker info > /dev/null 2>&1; then
  docker compose up --detach
  # Jobs have ended by then, and are nothing to wait for.
  exec docker compose up --detach --no-deps --wait runs memory outbox-sync policy tools worker gateway
fi

start() { podman-compose up --detach --no-deps "$@"; }
of() { podman ps --all --quiet --filter label=com.docker.compose.project=soma --filter "label=com.docker.compose.service=$1"; }

# Asked here, because Podman asks by itself only where systemd runs.
healthy() {
  for name in "$@"; do
    tries=0
    until podman healthcheck run "$(of "$name")" > /dev/null 2>&1; do
      tries=$((tries + 1))
      if [ $tries -gt 120 ]; then
        echo "$name is not healthy after 120 tries; see: podman logs $(of "$name")" >&2
        exit 1
      fi
      sleep 0.5
    done
  done
}

ended() {
  for name in "$@"; do
    code=$(podman wait "$(of "$name")")
    if [ "$code" != 0 ]; then
      echo "$name ended with $code; see: podman logs $(of "$name")" >&2
      exit 1
    fi
  done
}

# Whether a container is of an image that is no longer the one of its name.
is_old() {
  id=$(of "$1")
  [ -n "$id" ] || return 1
  now=$(podman image inspect --format '{{.Id}}' "$(podman inspect --format '{{.ImageName}}' "$id")") || return 1
  [ "$now" != "$(podman inspect --format '{{.Image}}' "$id")" ]
}

remove() {
  podman stop --time 60 "$(of "$1")" > /dev/null
  podman rm "$(of "$1")" > /dev/null
}

start postgres kafka redis prometheus alertmanager otel-collector
healthy postgres kafka redis
for name in tables topics; do ! is_old "$name" || remove "$name"; done
start tables topics
ended tables topics
# Parts of a version before are replaced one after the other, so that the others go on meanwhile.
for name in policy memory outbox-sync tools runs worker gateway; do
  if is_old "$name"; then
    remove "$name"
    start "$name"
    healthy "$name"
  fi
done
start runs memory outbox-sync policy tools worker gateway
healthy runs memory outbox-sync policy tools worker gateway
