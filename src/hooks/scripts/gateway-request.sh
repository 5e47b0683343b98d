#!/bin/sh
# One request to the gateway with curl, GNU wget, or nc. None gets the token as an argument, which other processes may read; the wget of
# busybox knows no other way.
# Uses: PERENNIAL_URL, token, file (of the token), path, accept, newline, and body, which is empty for GET; fail. Sets: code, answer.

# While the gateway or Temporal restarts it is asked again, for some seconds.
request() {
  split_address
  choose_client
  for pause in 0.5 1 1 2 2 ''; do
    code='' answer='' reason_failed=''
    "$client"
    case $code in '' | 429 | 503) ;; *) return ;; esac
    [ -n "$pause" ] || break
    sleep "$pause" 2>/dev/null || sleep 1
  done
  [ -n "$code" ] || fail Unavailable "the gateway at $PERENNIAL_URL does not answer${reason_failed:+: $reason_failed}"
}

split_address() {
  url=${PERENNIAL_URL%/}$path
  scheme=${url%%://*} authority=${url#*://}
  authority=${authority%%/*}
  host=${authority##*@} port=''
  case $host in
    \[*\]:*) port=${host##*:} host=${host%:*} ;;
    \[*) ;;
    *:*) port=${host##*:} host=${host%:*} ;;
  esac
  host=${host#\[} host=${host%\]}
  # The proxy of a network does not reach this machine.
  loopback=
  case $host in localhost | 127.* | ::1) loopback=1 ;; esac
}

choose_client() {
  case $scheme in http | https) ;; *) fail Unavailable "expected PERENNIAL_URL to begin with http:// or https://, got $PERENNIAL_URL" ;; esac
  if command -v curl >/dev/null 2>&1; then client=ask_curl; return; fi
  case $(wget --version 2>/dev/null </dev/null) in *'GNU Wget'*) client=ask_wget; return ;; esac
  if [ "$scheme" = http ] && command -v nc >/dev/null 2>&1; then client=ask_nc; return; fi
  needed='curl or GNU wget'
  [ "$scheme" = https ] || needed='curl, GNU wget, or nc'
  fail Unavailable "expected $needed in this workspace (the wget of busybox would show the token in the list of processes)"
}

ask_curl() {
  set -- -q --silent --show-error --globoff --connect-timeout 5 --max-time 40 --config - --header "Accept: $accept" "$url"
  [ -z "$loopback" ] || set -- "$@" --noproxy '*'
  [ -z "$body" ] || set -- "$@" --header 'Content-Type: application/json' --data "$body"
  answer=$(printf 'header = "Authorization: Bearer %s"\n' "$token" | curl "$@" --write-out '\n%{http_code}' 2>&1)
  code=${answer##*"$newline"} answer=${answer%"$newline"*} answer=${answer%"$newline"}
  [ "$code" != 000 ] || fail_to_connect "$answer"
}

# It reads settings from no pipe, so a file near the token has them meanwhile. Headers stand before the body, each behind two blanks.
ask_wget() {
  set -- -q -O - --server-response --content-on-error --tries=1 --timeout=40 --max-redirect=0 \
    "--header=Accept: $accept" "$url"
  [ -z "$loopback" ] || set -- "$@" --no-proxy
  [ -z "$body" ] || set -- "$@" '--header=Content-Type: application/json' "--post-data=$body"
  own_settings=${WGETRC:-${HOME-}/.wgetrc}
  # The current set may be replaced meanwhile.
  settings=${file%/current/*}/settings
  [ -d "$settings" ] || settings=${file%/*}
  settings=$settings/.request.$$
  trap 'rm -f "$settings"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  (
    umask 077 && { [ ! -f "$own_settings" ] || cat "$own_settings"; printf '\nheader = Authorization: Bearer %s\n' "$token"; } >"$settings"
  ) 2>/dev/null || fail Unavailable "cannot write $settings, which wget needs; curl needs no file"
  answer=$(
    wget "$@" "--config=$settings" 2>&1 </dev/null
    printf '\n%s' end
  )
  rm -f "$settings"
  answer=${answer%"$newline"end}$newline
  while :; do
    line=${answer%%"$newline"*}
    case $line in
      '  HTTP/'*) code=${line#'  HTTP/'* } code=${code%% *} ;;
      '  '*) ;;
      *) break ;;
    esac
    answer=${answer#*"$newline"}
  done
  answer=${answer%"$newline"} answer=${answer%"$newline"}
  [ -n "$code" ] || fail_to_connect "$answer"
}

ask_nc() {
  set -- "Host: $authority" "Accept: $accept" 'Connection: close'
  [ -z "$body" ] || set -- "$@" 'Content-Type: application/json' "Content-Length: $(printf '%s' "$body" | wc -c | tr -d ' ')"
  method=GET
  [ -z "$body" ] || method=POST
  target=/${url#*://*/}
  answer=$(
    { printf '%s %s HTTP/1.0\r\n' "$method" "$target" && printf '%s\r\n' "$@" "Authorization: Bearer $token" '' && printf '%s' "$body"; } |
      nc -w 40 "$host" "${port:-80}" 2>&1
  )
  return_line=$(printf '\r')
  case $answer in
    HTTP/*) ;;
    *) fail_to_connect "$answer"; return ;;
  esac
  code=${answer#* } code=${code%%[!0-9]*}
  answer=${answer#*"$return_line$newline$return_line$newline"}
}

fail_to_connect() {
  code='' reason_failed=${1%%"$newline"*}
}
