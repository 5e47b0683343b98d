#!/bin/sh
# `ssh`, `scp`, and `sftp` with the owner's key and the pinned hosts of the policy. The program itself is the next of that name on PATH.
# The settings and keys of the user in ~/.ssh are read and come first; only the keys of the policy's hosts cannot be replaced by them.
#
# The variables have a prefix, as the environment of the user goes through.

perennial_find() {
  set -f
  IFS=:
  for perennial_dir in $PATH; do
    perennial_program=$perennial_dir/$1
    # shellcheck disable=SC3013 # All shells of images know -ef.
    [ -f "$perennial_program" ] && [ -x "$perennial_program" ] && [ ! "$perennial_program" -ef "$0" ] && break
    perennial_program=
  done
  set +f
  unset IFS
  [ -n "$perennial_program" ]
}

# The keys that ssh takes by default, which it would leave out once another is named. Only existing keys are named, as ssh reports missing ones.
perennial_own_keys() {
  perennial_keys=
  for perennial_type in rsa ecdsa ecdsa_sk ed25519 ed25519_sk; do
    [ ! -f "$HOME/.ssh/id_$perennial_type" ] || perennial_keys="$perennial_keys $perennial_type"
  done
}

perennial_pin() {
  printf 'StrictHostKeyChecking yes\nGlobalKnownHostsFile "%s"\nUserKnownHostsFile /dev/null\nUpdateHostKeys no\n' \
    "$perennial_secrets/current/ssh/known_hosts"
}

# The first value of a setting counts, and all values of IdentityFile. `Host` sees the name as given, `Match host` what the settings of
# the user make of it.
perennial_settings() {
  printf 'IgnoreUnknown UpdateHostKeys\nHost %s\n' "$perennial_hosts"
  perennial_pin
  printf 'Host *\nInclude "%s/.ssh/config"\nMatch host %s\n' "$HOME" "$perennial_list"
  perennial_pin
  for perennial_type in $perennial_keys; do printf 'IdentityFile "%s/.ssh/id_%s"\n' "$HOME" "$perennial_type"; done
  printf 'IdentityFile "%s/current/ssh/id_ed25519"\n' "$perennial_secrets"
  printf 'Host *\nStrictHostKeyChecking yes\nUserKnownHostsFile "%s/.ssh/known_hosts" "%s/.ssh/known_hosts2"\n' "$HOME" "$HOME"
  # ssh refuses files of others, as which those of root appear in some sandboxes.
  # shellcheck disable=SC2012,SC2046 # Without `stat`, only `ls` prints the owner. The fields are to be split.
  set -- $(ls -Lldn /etc/ssh/ssh_config 2>/dev/null)
  [ "${3:-none}" != 0 ] || printf 'Include /etc/ssh/ssh_config\n'
}

perennial_write_settings() (
  umask 077
  perennial_settings >"$perennial_file.$$" && mv -f "$perennial_file.$$" "$perennial_file"
)

perennial_name=${0##*/} perennial_secrets=${0%/bin/*}
if ! perennial_find "$perennial_name"; then
  printf '%s: not found\n' "$perennial_name" >&2
  exit 127
fi
# The name of the settings' file holds all that they depend on, so that it never changes under a program that reads it. It is in one folder
# for every home, since folders that root has made would be closed to the user.
{ read -r perennial_id && read -r perennial_hosts && read -r perennial_list; } 2>/dev/null <"$perennial_secrets/current/ssh/hosts" ||
  exec "$perennial_program" "$@"
[ "$perennial_name" = ssh ] || exec "$perennial_program" -S "${0%/*}/ssh" "$@"
perennial_own_keys
perennial_rest=$HOME/ perennial_file=$perennial_secrets/settings/ssh-$perennial_id-
while [ -n "$perennial_rest" ]; do
  perennial_file=$perennial_file${perennial_rest%%/*}: perennial_rest=${perennial_rest#*/}
done
for perennial_type in $perennial_keys; do perennial_file=$perennial_file-$perennial_type; done
if [ ! -r "$perennial_file" ] && ! perennial_write_settings; then
  printf 'ssh: the settings of the workspace could not be written to %s\n' "${perennial_file%/*}" >&2
  exit 255
fi
exec "$perennial_program" -F "$perennial_file" "$@"
