#!/bin/sh
# Says why a program will not start although it exists and is executable: the kernel looks for the interpreter that its first line
# names, and reports only "not found". Sets no variable.

# Prints a sentence, or nothing.
name_missing_interpreter() (
  newline='
'
  first=$(head -c 256 "$1") 2>/dev/null
  first=${first%%"$newline"*}
  case $first in '#!'*) ;; *) exit ;; esac
  note='' cr=$(printf '\r')
  case $first in *"$cr") note=' (the line ends in CRLF, as on Windows)' ;; esac
  set -f
  # shellcheck disable=SC2086 # The words are to be split.
  set -- ${first#??}
  case ${1:-} in
    '') exit ;;
    */env)
      [ ! -x "$1" ] || {
        case ${2:-} in '' | -* | *=*) exit ;; esac
        shift
        ! command -v "$1" >/dev/null || exit
      }
      ;;
    *) [ ! -x "$1" ] || exit ;;
  esac
  printf 'its first line names the interpreter %s, which is not there%s' "${1%"$cr"}" "$note"
) 2>/dev/null
