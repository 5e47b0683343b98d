#!/bin/sh
# Makes the namespace TEMPORAL_NAMESPACE on the server TEMPORAL_ADDRESS, and ends when it can be used. Changes nothing when run again.
set -eu
RETENTION=7d
TRIES=60

# A port that is open is not yet a server that answers, and a new namespace becomes known some seconds after it was made.
retry() {
  tries=$TRIES
  until "$@"; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      echo "gave up after $TRIES tries: $*" >&2
      exit 1
    fi
    sleep 2
  done
}

make_namespace() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
}

retry temporal operator cluster health
retry make_namespace
retry temporal workflow list --limit 1
