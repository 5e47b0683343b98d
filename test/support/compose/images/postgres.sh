#!/bin/sh
# What the entrypoint of the image postgres does with the settings of docker-compose.yml: makes a database where there is none, and
# runs the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  initdb --username="$POSTGRES_USER" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 "$PGDATA"
  rm "$password"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  # A server that answers on its socket alone while the database of the user is made.
  pg_ctl -D "$PGDATA" -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
  createdb --host=/tmp --username="$POSTGRES_USER" "$POSTGRES_USER"
  pg_ctl -D "$PGDATA" -w stop
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp
