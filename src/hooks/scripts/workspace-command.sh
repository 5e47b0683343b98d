#!/bin/sh
# The command `perennial` in a workspace, for dash, bash, and busybox: asks the gateway with the workspace's own token. Its texts and exit
# codes are those of the command line outside.
# Uses: PERENNIAL_URL, PERENNIAL_TOKEN_FILE; gateway-request.sh and json.sh.

. ./json.sh
. ./gateway-request.sh

# Bytes count, not characters.
LC_ALL=C
newline='
'

print_help() {
  cat <<HELP
Usage: perennial [options] <command>

Asks about the workspace that it runs in, and acts on it.

Commands:
  status                     show the workspace: its state, its build, and what comes next
  explain                    say why it is as it is, what comes next, and what would change that
  ping [--via <what>] [--at <instant>]
                             report that it is in use, which postpones its auto-off
  stop [--reason <text>]     turn it off; its home stays
  rebuild [--reason <text>]  replace all of it but its home

Options:
  --via <what>       what it is used through: ssh, terminal, web, ide, api, or any text
  --at <instant>     when it was used, if not now
  --reason <text>    why, for its history
  --json             print JSON
  -h, --help         display help for command

Exit codes: 0 well, 1 refused or failed, 2 wrong usage.
With --json a refusal or failure is { "error": { "type", "message" } } on standard output.
HELP
}

# Prints a failure and ends the command.
fail() {
  if [ -n "$json" ]; then printf '{"error":{"type":%s,"message":%s}}\n' "$(json_string "$1")" "$(json_string "$2")"
  elif [ "$1" = WrongUsage ]; then printf 'perennial: %s\n(--help says how it is used)\n' "$2" >&2
  else printf 'perennial: %s: %s\n' "$1" "$2" >&2
  fi
  [ "$1" != WrongUsage ] || exit 2
  exit 1
}

read_arguments() {
  json='' help='' command='' via='' at='' reason='' options=''
  case " $* " in *' --json '*) json=1 ;; esac
  while [ $# -gt 0 ]; do
    case $1 in
      --json) ;;
      -h | --help) help=1 ;;
      --via=* | --at=* | --reason=*) take_option "${1%%=*}" "${1#*=}" ;;
      --via | --at | --reason)
        [ $# -gt 1 ] || fail WrongUsage "option '$1' argument missing"
        take_option "$1" "$2"
        shift
        ;;
      -*) fail WrongUsage "unknown option '$1'" ;;
      *)
        [ -z "$command" ] || fail WrongUsage "expected no argument after $command, which is about this workspace, got '$1'"
        command=$1
        ;;
    esac
    shift
  done
}

take_option() {
  options="$options $1"
  case $1 in
    --via) via=$2 ;;
    --at) at=$2 ;;
    --reason) reason=$2 ;;
  esac
}

check_command() {
  case $command in
    status | explain) allowed= ;;
    ping) allowed='--via --at' ;;
    stop | rebuild) allowed=--reason ;;
    '') fail WrongUsage 'expected a command: status, explain, ping, stop, or rebuild' ;;
    *) fail WrongUsage "unknown command '$command'" ;;
  esac
  for option in $options; do
    case " $allowed " in *" $option "*) ;; *) fail WrongUsage "unknown option '$option'" ;; esac
  done
}

read_access() {
  [ -n "${PERENNIAL_URL-}" ] ||
    fail Unavailable "expected the gateway's address in PERENNIAL_URL, which hooks and terminals have where a gateway is set up"
  file=${PERENNIAL_TOKEN_FILE:-${PERENNIAL_SECRETS_DIR:-/run/perennial/secrets}/current/token}
  token=
  { IFS= read -r token <"$file"; } 2>/dev/null
  case $token in
    '') fail Unavailable "expected the workspace's token in $file (PERENNIAL_TOKEN_FILE), got none" ;;
    *[!A-Za-z0-9._-]*) fail Unavailable "expected the workspace's token in $file (PERENNIAL_TOKEN_FILE), got something else" ;;
  esac
  payload=${token#*.}
  decode_base64url "${payload%%.*}"
  workspace=${decoded#*'"sub":"workspace/'}
  [ "$workspace" != "$decoded" ] || fail Unavailable "expected the token of a workspace in $file (PERENNIAL_TOKEN_FILE), got another"
  workspace=${workspace%%'"'*}
}

run_command() {
  path=/v1/workspaces/$workspace accept=text/plain body=''
  [ -z "$json" ] || accept=application/json
  case $command in
    status) ;;
    explain) path=$path/explain ;;
    ping) path=$path/ping body=$(json_object via "$via" at "$at") ;;
    *) path=$path/$command body=$(json_object reason "$reason") ;;
  esac
  request
  case $code$accept$answer in
    2??text/plain* | '2'??application/json\{*\}) ;;
    *) fail_with_answer ;;
  esac
  case $command in
    status | explain) printf '%s\n' "$answer" ;;
    ping) print_result "$workspace: pinged" "$(json_object workspace "$workspace" via "$via" at "$at")" ;;
    *) print_result "$workspace: $(describe_outcome)" "{\"workspace\":$(json_string "$workspace"),${answer#?}" ;;
  esac
}

print_result() {
  if [ -n "$json" ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}

describe_outcome() {
  case $(json_field outcome "$answer") in
    already) printf 'nothing to do for the %s' "$command" ;;
    merged) printf 'the %s was merged with what is under way' "$command" ;;
    *) printf 'the %s was accepted' "$command" ;;
  esac
  printf '; it is %s' "$(json_field state "$answer")"
}

# An answer that is not the gateway's own may be of something in between, such as an ingress. wget has no text of an answer 401.
fail_with_answer() {
  type=$(json_field type "$answer") message=$(json_field message "$answer")
  [ "$code" != 401 ] || [ -n "$message" ] || fail Unauthorized "the gateway refuses the workspace's token, which ends with its build's pod"
  [ -n "$type" ] && [ -n "$message" ] || fail Unavailable "$PERENNIAL_URL answered with the HTTP status $code"
  fail "$type" "$message"
}

read_arguments "$@"
if [ -n "$help" ]; then
  print_help
  exit 0
fi
check_command
read_access
run_command
