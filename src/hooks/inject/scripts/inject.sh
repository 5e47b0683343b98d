#!/bin/sh
# Writes what a pod is given into its memory. The calls of the functions below follow on the same input: begin, put for each
# file, publish, record_links, link for each file of the home, finish. Input that was cut off publishes nothing.
#
# Each run writes a generation of its own and makes it the current one in a single step, so that two at once do no harm. A value is only
# ever an argument of a function or of a command that the shell has built in, so that no list of processes shows it.
#
# Prints lines: `failed` and a sentence, `warning` and a sentence, `key` and the beginning of the private key without a secret part, `done`.
# Settings: PERENNIAL_SECRETS_DIR, where the folder of the secrets is not at its usual path. Uses process.sh and home-links.sh.

fail() {
  printf 'failed %s\n' "$1"
  exit 1
}

# The folder is entered before its owner is checked: the working directory cannot be exchanged.
begin() {
  umask 077
  case $(command -v printf) in /*) fail 'the sh of the image has no printf of its own, so a value would be visible as an argument' ;; esac
  secrets=${PERENNIAL_SECRETS_DIR:-/run/perennial/secrets}
  cd -P "${secrets%/*}" 2>/dev/null || fail "there is no folder ${secrets%/*}"
  parent=${PWD%/} name=${secrets##*/}
  existed=''
  if [ -d "$name" ]; then existed=1; else mkdir "$name" 2>/dev/null; fi
  cd -P "$name" 2>/dev/null && [ "$PWD" = "$parent/$name" ] && [ -O . ] ||
    fail "expected a folder of the image's user at $secrets"
  [ -z "$existed" ] || chmod 700 . || fail "$secrets could not be closed to other users"
  born='' shell_bytes=0
  find_shell
  read_stat "/proc/$$/stat"
  generation=gen.$$.$born
  trap 'rm -rf "$generation"' EXIT
  [ -d settings ] || rm -f settings
  mkdir -p settings "$generation/bin" "$generation/ssh" "$generation/files" || fail_to_write "$generation"
}

fail_to_write() {
  fail "$secrets/$1 could not be written, so its memory may be full"
}

# put NAME VALUE
put() {
  printf '%s' "$2" >"$generation/$1" || fail_to_write "$1"
} 2>/dev/null

# put_bytes NAME VALUE, where bytes that are no text are octal numbers after a backslash.
put_bytes() {
  # shellcheck disable=SC2059 # It is meant as a format.
  printf "$2" >"$generation/$1" || fail_to_write "$1"
} 2>/dev/null

# put_program NAME TEXT: with a first line for the sh of the image, which not every image has in /bin.
put_program() {
  put "bin/$1" "#!$shell$newline$2"
  shell_bytes=$((shell_bytes + ${#shell} + 3))
}

find_shell() {
  shell=/bin/sh
  [ ! -x "$shell" ] || return 0
  IFS=:
  set -f
  for shell in $PATH; do
    shell=$shell/sh
    [ ! -x "$shell" ] || break
  done
  unset IFS
  set +f
}

# publish FILES BYTES: how many files there have to be, and their size in all without the first lines of programs.
publish() {
  chmod 700 "$generation"/bin/* 2>/dev/null
  check "$1" "$(($2 + shell_bytes))"
  # In this order, since another run may publish in between.
  [ ! -d current ] || [ -L current ] || rm -rf current
  [ ! -e bin ] || [ -L bin ] || rm -rf bin
  refuse_earlier
  ln -s "$generation" "$generation/current" && mv -f "$generation/current" . || fail_to_write current
  trap '' EXIT
  [ -L bin ] || ln -sn current/bin bin 2>/dev/null || [ -L bin ] || fail_to_write bin
  remove_others
}

# A run whose connection was lost may get here after a later run.
refuse_earlier() {
  order=0 current_order=0
  { read -r order <"$generation/order"; read -r current_order <current/order; } 2>/dev/null
  if [ "$current_order" -gt "$order" ] 2>/dev/null; then fail 'a later set is there already'; fi
}

# Of each file the mode, owner, and size; a folder has no rights for others either.
check() {
  expected="$1 files of $2 bytes" files=0 bytes=0 wrong=''
  for file in "$generation"/* "$generation"/*/*; do
    [ -O "$file" ] && [ ! -L "$file" ] || [ "${file##*/}" = '*' ] || wrong="${wrong:-${file#*/}}"
  done
  set -f
  IFS=$newline
  # shellcheck disable=SC2012,SC2046 # The lines are to be split, and no name in the folder has a line break.
  set -- $(ls -lnR "$generation" 2>/dev/null)
  unset IFS
  for line; do count "$line"; done
  set +f
  [ -z "$wrong" ] || fail "$secrets/$generation/$wrong does not have the owner or mode that it was written with"
  [ "$files files of $bytes bytes" = "$expected" ] ||
    fail "expected $expected in $secrets/$generation, found $files files of $bytes bytes, so its memory may be full"
}

count() {
  # shellcheck disable=SC2086 # The fields are to be split.
  set -- $1
  case $1 in
    -rw------- | -rwx------ | -rw-------. | -rwx------.)
      case ${5:-x} in *[!0-9]* | ???????????*) ;; *) files=$((files + 1)) bytes=$((bytes + $5)) ;; esac
      ;;
    drwx--[-S]---*) ;;
    [-dlpscb][-r][-w]*) wrong=${9:-a file} ;;
  esac
}

# A run that has yet to publish will find this one published, and remove it. Whether a set is obsolete is asked last: the run that writes it
# may publish it at any moment before.
remove_others() {
  { : >"$generation/published"; } 2>/dev/null
  for other in gen.*; do
    is_writing "$other" || ! is_obsolete "$other" || remove "$other"
  done
  # shellcheck disable=SC3013 # All shells of images know -ef.
  [ "$generation" -ef current ] || remove "$generation"
}

# Two that remove the same folder at once may each leave it for the other.
remove() {
  for _ in 1 2 3 4 5; do
    rm -rf "$1" 2>/dev/null
    [ -d "$1" ] || break
  done
}

# shellcheck disable=SC3013 # All shells of images know -ef.
is_obsolete() {
  [ -d "$1" ] && [ "$1" != "$generation" ] && [ ! "$1" -ef current ]
}

# By the pid and the start of its process, since the pid alone may be another's by now.
is_writing() {
  [ ! -e "$1/published" ] || return 1
  set -- "${1#gen.}"
  read_stat "/proc/${1%%.*}/stat" && [ "$born" = "${1#*.}" ] && [ "$state" != Z ]
}

# The first 96 bytes hold the public key, and nothing secret.
finish() {
  finish_links
  if [ -f current/ssh/id_ed25519 ]; then
    { read -r _ && read -r first && read -r second && printf 'key %.128s\n' "$first$second"; } <current/ssh/id_ed25519
  fi
  printf 'done\n'
  exit 0
}
