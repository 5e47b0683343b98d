#!/bin/sh
# Runs git without prompts, controlled by nothing but the repository and the settings of the user. The first argument of a command is
# its folder.
# Uses: folder, uri. Sets: errors, settings, ssh, helper, hosts.

prepare_git() {
  unset_variables
  settings=$folder/gitconfig errors=$folder/git-errors
  find_injected "${PERENNIAL_SECRETS_DIR:-/run/perennial/secrets}"
  { : >"$errors"; } 2>/dev/null || errors=/dev/null
  { write_settings >"$settings"; } 2>/dev/null || settings=
  # shellcheck disable=SC2016 # Within double quotes it does expand.
  ssh=${GIT_SSH_COMMAND:-$(git_in "$HOME" config core.sshCommand || printf '%s' "${GIT_SSH:+'$GIT_SSH'}")}
  ssh=${ssh:-ssh}
}

# Where the policy names hosts, all others that are not known are refused, else they are learned.
find_injected() {
  helper=$1/bin/git-credential-perennial hosts='-o StrictHostKeyChecking=accept-new'
  [ ! -f "$1/current/ssh/known_hosts" ] ||
    hosts="-o StrictHostKeyChecking=yes -o 'GlobalKnownHostsFile=\"$1/current/ssh/known_hosts\" /etc/ssh/ssh_known_hosts'"
}

# Of the variables of the workspace only those count that say how hosts are reached: others may name another repository, index, or
# template.
unset_variables() {
  for name in $(env | while IFS='=' read -r variable _; do
    case $variable in
      (*[!A-Za-z0-9_]*) ;;
      (GIT_SSH* | GIT_SSL_* | GIT_HTTP_* | GIT_PROXY_* | GIT_ASKPASS) ;;
      (GIT_CONFIG_GLOBAL | GIT_CONFIG_SYSTEM | GIT_CONFIG_NOSYSTEM) ;;
      (GIT_*) printf '%s\n' "$variable" ;;
    esac
  done); do
    unset "$name"
  done
}

# Git reads a repository of another user from file:// only if a settings file allows it, and fetches submodules from there only if
# allowed, which is right where the user named such a repository. The user's own settings stay in force.
write_settings() {
  printf '[safe]\n\tdirectory = *\n' || return
  case $uri in file:*) printf '[protocol "file"]\n\tallow = always\n' ;; esac
  if [ -n "${GIT_CONFIG_GLOBAL+set}" ]; then
    include "$GIT_CONFIG_GLOBAL"
  else
    include "${XDG_CONFIG_HOME:-$HOME/.config}/git/config"
    include "$HOME/.gitconfig"
  fi
  # The helpers of the user are asked first. The memory may not allow programs to be executed, but sh reads them.
  [ ! -f "$helper" ] || printf '[credential]\n\thelper = "!sh '\''%s'\''"\n' "$helper"
}

include() {
  printf '[include]\n\tpath = "%s"\n' "$1"
}

# The home may itself be a repository, which must not be found. Garbage collection runs in the foreground.
git_in() (
  cd "$1" || exit
  shift
  [ -z "$settings" ] || export GIT_CONFIG_GLOBAL="$settings"
  export GIT_TERMINAL_PROMPT=0 GIT_CEILING_DIRECTORIES="$HOME"
  export GIT_SSH_COMMAND="${ssh:-ssh} -o BatchMode=yes $hosts -o ConnectTimeout=30 -o ServerAliveInterval=15"
  # Submodules are updated separately, once their addresses are known.
  set -- -c submodule.recurse=false -c fetch.recurseSubmodules=false "$@"
  set -- -c advice.detachedHead=false -c gc.autoDetach=false -c http.lowSpeedLimit=1 -c http.lowSpeedTime=60 "$@"
  exec git "$@" </dev/null 3>&-
)

# Sets `problem` to the line that says why git failed, for the warning; all its output goes to the log as well.
try_git() {
  git_in "$@" 2>"$errors"
  ended=$? problem=
  while IFS= read -r line; do
    printf '%s\n' "$line" >&2
    # The first error is the cause, later ones its consequences.
    case $line in fatal:* | error:*) problem=${problem:-$line} ;; esac
  done <"$errors"
  problem=${problem:-git ended with exit code $ended}
  return "$ended"
}
