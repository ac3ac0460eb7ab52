#!/bin/sh
# As the image it stands for: a database at the first start, with the user, the name and the password that the environment has.
set -eu
PGDATA=/var/lib/postgresql/18/docker
bin=/usr/lib/postgresql/bin
if [ ! -f "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  echo "$POSTGRES_PASSWORD" > /tmp/password
  # shellcheck disable=SC2086
  $bin/initdb -D "$PGDATA" --auth=scram-sha-256 --username="$POSTGRES_USER" --pwfile=/tmp/password ${POSTGRES_INITDB_ARGS:-}
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "create database \"$POSTGRES_DB\"" | $bin/postgres --single -D "$PGDATA" postgres
fi
shift
exec $bin/postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
