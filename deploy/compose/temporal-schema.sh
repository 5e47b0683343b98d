#!/bin/sh
# Makes Temporal's two databases, and brings their tables up to this version of the server. Changes nothing when run again.
# The connection comes from SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, and SQL_PASSWORD.
set -eu
SCHEMA=${SCHEMA:-/etc/temporal/schema/postgresql/v12}

set_up() {
  temporal-sql-tool --db "$1" create-database
  temporal-sql-tool --db "$1" setup-schema --version 0.0
  temporal-sql-tool --db "$1" update-schema --schema-dir "$SCHEMA/$2/versioned"
}

set_up temporal temporal
set_up temporal_visibility visibility
