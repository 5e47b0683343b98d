#!/bin/sh
# The end of what hooks, commands, and terminals read before they start: programs of the workspace, and the credential helper of Git.
# The folder of the secrets stays the same while its content changes, so that processes which run already get new tokens and credentials.

set -- "${PERENNIAL_SECRETS_DIR:-/run/perennial/secrets}"
case ":$PATH:" in *":$1/bin:"*) ;; *) PATH=$1/bin:$PATH ;; esac
export PATH
[ ! -f "$1/current/token" ] || export "PERENNIAL_TOKEN_FILE=$1/current/token"
# A helper in the settings of the user is asked first.
case ${GIT_CONFIG_COUNT:-0} in
  *[!0-9]* | ????*) ;;
  *)
    set -- "$1" "${GIT_CONFIG_COUNT:-0}"
    export "GIT_CONFIG_KEY_$2=credential.helper" "GIT_CONFIG_VALUE_$2=!sh '$1/bin/git-credential-perennial'" "GIT_CONFIG_COUNT=$(($2 + 1))"
    ;;
esac
