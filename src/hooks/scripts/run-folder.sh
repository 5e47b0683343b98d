#!/bin/sh
# Finds or makes the folder of a run. Starts no program but `mkdir`, and that once in the life of a pod.
# Uses: step, build. Sets: uid, base, run, folder.
#
# The folder vanishes with the pod and lies where hooks do not clean up: on the memory volume of the secrets, which is a mount; else in
# shared memory; else in /tmp. A runtime whose pods share these names a folder of the pod in PERENNIAL_RUN_DIR.

find_run_folder() {
  if [ ! -r /proc/self/stat ]; then
    printf 'state refused\nreason this system has no /proc, by which hooks are watched\n'
    return 1
  fi
  find_uid
  set -- /run/perennial /dev/shm /tmp
  [ -z "${PERENNIAL_RUN_DIR:-}" ] || set -- "$PERENNIAL_RUN_DIR"
  # A run that exists is found again, whatever happened to the other folders since.
  for parent; do
    name_folder "$parent" && [ -e "$folder/began" ] && enter_base && return
  done
  for parent; do
    make_folder "$parent" && return
  done
  # shellcheck disable=SC2012,SC2046 # Without `stat`, only `ls` prints the owner. The fields are to be split.
  set -- $(ls -ldn "$base")
  found="${1:-nothing}${3:+ of user $3}"
  printf 'state refused\nreason expected a folder of user %s at %s, found %s\n' "$uid" "$base" "$found"
  return 1
} 2>/dev/null

# The file shows that the folder can be written to.
make_folder() {
  [ -d "$1" ] || mkdir "$1"
  name_folder "$1"
  [ -e "$base" ] || mkdir "$base" "$run" "$run/configure" "$run/personalize"
  enter_base && { [ -d "$folder" ] || mkdir -p "$folder"; } && printf '%s\n' "$$" >"$folder/writable.$$"
}

name_folder() {
  cd -P "$1" && parent=${PWD%/} || parent=$1
  base=$parent/.perennial-$uid
  run=$base/build-$build
  folder=$run/$step
}

# Another user's folder, or a link, could make the runner execute or write what that user chose. It is entered before it is checked: the
# working directory cannot be exchanged.
enter_base() {
  cd -P "$base" && [ "$PWD" = "$base" ] && [ -O . ]
}

# The effective uid, as `id -u` prints it, but without a process.
find_uid() {
  while read -r key _ uid _; do
    [ "$key" != Uid: ] || return 0
  done </proc/self/status
  uid=$(id -u)
}
