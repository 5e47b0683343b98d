#!/bin/sh
# The step `personalize`: the dotfiles, then the program of the user or what the dotfiles bring. Each part runs whatever the result of
# the one before; a problem is reported, and the script itself succeeds.
#
# Arguments: the folder of the run, and `uri=…` and `ref=…`, both empty after the sign when no dotfiles are set. Open file 3 is the report.

unset PERENNIAL_RUNNER PERENNIAL_HOOK
PERENNIAL_ENVIRONMENT=$(export -p)
folder=$1 uri=${2#uri=} ref=${3#ref=}
dotfiles=$HOME/dotfiles
usable=

main() {
  [ -z "$uri" ] || sync_dotfiles
  [ -z "$usable" ] || remove_stale_links
  if [ -f "$HOME/personalize" ] && [ -x "$HOME/personalize" ]; then
    run_program '~/personalize' "$HOME" ./personalize
  elif [ -e "$HOME/personalize" ] || [ -L "$HOME/personalize" ]; then
    report warning '~/personalize is there but not executable'
  elif [ -n "$usable" ]; then
    install_dotfiles
  elif [ -z "$uri" ]; then
    report skipped "$(print_idle_reason)"
  fi
}

install_dotfiles() {
  if [ -f "$dotfiles/install.sh" ] && [ -x "$dotfiles/install.sh" ]; then
      run_program '~/dotfiles/install.sh' "$dotfiles" ./install.sh
  else
    link_dotfiles
  fi
}

# Runs $3 in the folder $2 as a child, in the environment as received: the workspace may use the names of variables of this script.
run_program() {
  missing=$(eval "$PERENNIAL_ENVIRONMENT" && name_missing_interpreter "$2/$3")
  if [ -n "$missing" ]; then
    report warning "$1 could not be run: $missing"
    return
  fi
  (eval "$PERENNIAL_ENVIRONMENT" && cd "$2" && exec "$3" 3>&-)
  code=$?
  if [ "$code" = 0 ]; then report did "$1 ran"; else report ended "$code $1"; fi
}

# Writes one line each, whatever the name of a file holds.
report() {
  cr=$(printf '\r')
  case $2 in *'
'* | *"$cr"*) set -- "$1" "$(printf '%s' "$2" | tr '\n\r' '  ')" ;; esac
  printf '%s: %s\n' "$1" "$2" >&3
}

. ./personalize-idle.sh
. ./interpreter.sh
. ./git.sh
. ./dotfiles.sh
. ./links.sh
main
