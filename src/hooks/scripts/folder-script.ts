/**
 * Shell functions that find or make the folder of a run. They use `$step` and `$build`, set `$uid`, `$base`, and `$folder`, and
 * start no program but `mkdir`, and that once in a pod's life.
 *
 * The folder vanishes with the pod and stands where hooks do not clean up: the memory volume of the secrets, which is a mount; else
 * shared memory; else `/tmp`. A runtime whose pods share these with others names a place of the pod's own, `PERENNIAL_RUN_DIR`.
 */
export const FOLDER_SCRIPT = `
own_folder() {
  if [ ! -r /proc/self/stat ]; then
    printf 'state refused\\nreason this system has no /proc, by which hooks are watched\\n'
    return 1
  fi
  find_uid
  set -- /run/perennial /dev/shm /tmp
  [ -z "\${PERENNIAL_RUN_DIR:-}" ] || set -- "$PERENNIAL_RUN_DIR"
  # Where the run stands already, whatever became of the other places since.
  for place; do
    name_folder "$place" && [ -e "$folder/began" ] && enter_base && return
  done
  for place; do
    make_folder "$place" && return
  done
  set -- $(ls -ldn "$base")
  found="\${1:-nothing}\${3:+ of user $3}"
  printf 'state refused\\nreason expected a folder of user %s at %s, found %s\\n' "$uid" "$base" "$found"
  return 1
} 2>/dev/null

make_folder() {
  [ -d "$1" ] || mkdir "$1"
  name_folder "$1"
  [ -e "$base" ] || mkdir "$base" "$run" "$run/configure" "$run/personalize"
  enter_base && { [ -d "$folder" ] || mkdir -p "$folder"; } && printf '%s\\n' "$$" >"$folder/place.$$"
}

name_folder() {
  cd -P "$1" && place=\${PWD%/} || place=$1
  base=$place/.perennial-$uid
  run=$base/build-$build
  folder=$run/$step
}

# Somebody else's folder, or a link, could have us run or write what others like. It is entered before it is looked at: what we
# are in cannot be exchanged.
enter_base() {
  cd -P "$base" && [ "$PWD" = "$base" ] && [ -O . ]
}

# As \`id -u\` tells it, but without a process.
find_uid() {
  while read -r key real uid rest; do
    [ "$key" != Uid: ] || return 0
  done </proc/self/status
  uid=$(id -u)
}
`;
