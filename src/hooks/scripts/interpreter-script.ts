/**
 * A shell function that says why a program will not start although it is there and executable: the system looks for the interpreter
 * that its first line names, and says of that only "not found". It prints a sentence, or nothing, and sets no variable.
 */
export const INTERPRETER_SCRIPT = `
name_missing_interpreter() (
  first=$(head -c 256 "$1" | head -n 1) 2>/dev/null
  case $first in '#!'*) ;; *) exit ;; esac
  note=
  case $first in *'\r') note=' (the line ends in CRLF, as on Windows)' ;; esac
  set -f
  set -- \${first#??}
  case \${1:-} in
    '') exit ;;
    */env)
      [ ! -x "$1" ] || {
        case \${2:-} in '' | -* | *=*) exit ;; esac
        shift
        ! command -v "$1" >/dev/null || exit
      }
      ;;
    *) [ ! -x "$1" ] || exit ;;
  esac
  printf 'its first line names the interpreter %s, which is not there%s' "\${1%\r}" "$note"
) 2>/dev/null
`;
