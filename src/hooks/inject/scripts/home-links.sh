#!/bin/sh
# Links from the home to files in the memory of the pod. What is in their way stays. The links are recorded in the home, so that those whose
# secret is gone are found again, also by a later pod. Only the user's own processes follow what lies in the home, and nothing is opened
# that could make them wait.
# Uses: secrets.

record=$HOME/.perennial/secret-links newline='
'

# record_links PATHS, one a line: recorded before they are made, so that a run that is interrupted leaves no link that is not recorded.
record_links() {
  wanted=$1 earlier='' added=''
  [ ! -f "$record" ] || [ -L "$record" ] || earlier=$(head -c 524288 "$record")
  split_lines "$wanted" add_to_record
  [ -z "$added" ] || write_record "$earlier$added"
}

add_to_record() {
  has_line "$earlier" "$1" || added="$added$newline$1"
}

has_line() {
  case "$newline$1$newline" in *"$newline$2$newline"*) ;; *) return 1 ;; esac
}

# Calls $2 with each line of $1.
split_lines() {
  set -f
  IFS=$newline
  # shellcheck disable=SC2086 # The lines are to be split.
  set -- "$2" $1
  unset IFS
  set +f
  command=$1
  shift
  for line; do "$command" "$line"; done
}

# link PATH NAME
link() {
  set -- "$HOME/$1" "$secrets/current/files/$2" "$1"
  if [ -L "$1" ] && [ "$(readlink "$1")" = "$2" ]; then return; fi
  if is_ours "$1"; then rm -f "$1"; fi
  if [ -e "$1" ] || [ -L "$1" ]; then
    printf 'warning ~/%s is there already, so it did not become a link to the secret\n' "$3"
  elif ! { [ -d "${1%/*}" ] || mkdir -p "${1%/*}"; } 2>/dev/null || ! ln -s "$2" "$1" 2>/dev/null; then
    printf 'warning ~/%s could not become a link to the secret\n' "$3"
  fi
}

# The folder of the secrets has another path in each pod on some machines.
is_ours() {
  [ -L "$1" ] || return 1
  case $(readlink "$1") in
    /run/perennial/secrets/current/files/* | */perennial-secrets-*/current/files/* | "$secrets"/current/files/*) ;;
    *) return 1 ;;
  esac
}

finish_links() {
  split_lines "$earlier" remove_link
  [ "$earlier$added" = "$wanted" ] || write_record "$wanted"
}

remove_link() {
  ! has_line "$wanted" "$1" || return 0
  case /$1/ in // | */../*) return ;; esac
  ! is_ours "$HOME/$1" || rm -f "$HOME/$1"
}

# A full or read-only home keeps its old record.
write_record() {
  [ ! -L "$HOME/.perennial" ] && mkdir -p "$HOME/.perennial" && rm -f "$record.new" || return 0
  if [ -z "$1" ]; then rm -f "$record"; else printf '%s\n' "$1" >"$record.new" && mv -f "$record.new" "$record"; fi
} 2>/dev/null
