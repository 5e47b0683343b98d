#!/bin/sh
# A credential helper of Git: answers with the credentials that were injected, for exactly their hosts and over HTTPS alone.
# A user name in the address stays. Nothing is stored, and nothing is erased.

[ "${1-}" = get ] || exit 0
perennial_protocol='' perennial_host='' perennial_username=''
while IFS= read -r perennial_line; do
  case $perennial_line in
    '') break ;;
    protocol=*) perennial_protocol=${perennial_line#*=} ;;
    host=*) perennial_host=${perennial_line#*=} ;;
    username=*) perennial_username=${perennial_line#*=} ;;
  esac
done
[ "$perennial_protocol" = https ] && [ -f "${0%/*}/../credentials" ] || exit 0
perennial_found=
while IFS= read -r perennial_line; do
  case $perennial_line in
    "host=$perennial_host") perennial_found=1 ;;
    host=*) perennial_found= ;;
    username=*) [ -z "$perennial_found" ] || [ -n "$perennial_username" ] || printf '%s\n' "$perennial_line" ;;
    *) [ -z "$perennial_found" ] || printf '%s\n' "$perennial_line" ;;
  esac
done <"${0%/*}/../credentials"
