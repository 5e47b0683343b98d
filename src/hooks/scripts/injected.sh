#!/bin/sh
# Reads the variables that the step `inject-secrets` has written for this pod, if they belong to this user.
# Settings: PERENNIAL_SECRETS_DIR, where the folder of the secrets is not at its usual path. Sets only what that file sets.

read_injected() {
  set -- "${PERENNIAL_SECRETS_DIR:-/run/perennial/secrets}/current/environment.sh"
  # shellcheck source=/dev/null
  [ ! -f "$1" ] || [ ! -O "$1" ] || . "$1"
}
