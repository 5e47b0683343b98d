#!/bin/sh
# As much of JSON and base64 as a few flat objects need, without any program.
# Uses: newline.

# Prints a text as a string of JSON. Control characters but line breaks and tabs are left out.
json_string() {
  rest=$1 quoted=''
  while [ -n "$rest" ]; do
    plain=${rest%%[\"\\[:cntrl:]]*}
    quoted=$quoted$plain
    rest=${rest#"$plain"}
    case $rest in
      \"*) quoted=$quoted\\\" ;;
      \\*) quoted=$quoted\\\\ ;;
      "$newline"*) quoted=$quoted\\n ;;
      '	'*) quoted=$quoted\\t ;;
    esac
    rest=${rest#?}
  done
  printf '"%s"' "$quoted"
}

# Prints an object of names and texts, without the empty ones.
json_object() {
  fields=
  while [ $# -gt 0 ]; do
    [ -z "$2" ] || fields="$fields${fields:+,}\"$1\":$(json_string "$2")"
    shift 2
  done
  printf '{%s}' "$fields"
}

# Prints the first field of that name whose value is a string; nothing when there is none.
json_field() {
  rest=${2#*"\"$1\":\""}
  [ "$rest" != "$2" ] || return 0
  value=
  while [ -n "$rest" ]; do
    plain=${rest%%[\"\\]*}
    value=$value$plain
    rest=${rest#"$plain"}
    case $rest in
      \\[\"\\/]*) rest=${rest#?} value=$value${rest%"${rest#?}"} ;;
      \\*) value=$value\\ ;;
      *) break ;;
    esac
    rest=${rest#?}
  done
  printf '%s' "$value"
}

# Sets `decoded` to the text of base64 with the alphabet for URLs.
decode_base64url() {
  rest=$1 bits=0 count=0 octal=''
  alphabet=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_
  while [ -n "$rest" ]; do
    before=${alphabet%%"${rest%"${rest#?}"}"*}
    rest=${rest#?}
    bits=$(((bits << 6 | ${#before}) & 65535)) count=$((count + 6))
    [ "$count" -ge 8 ] || continue
    count=$((count - 8))
    byte=$((bits >> count & 255))
    octal="$octal\\$((byte >> 6))$((byte >> 3 & 7))$((byte & 7))"
  done
  # shellcheck disable=SC2059 # It is a format of octal codes alone.
  decoded=$(printf "$octal")
}
