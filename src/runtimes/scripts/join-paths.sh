#!/bin/sh
# Restores the PATH of the image, $1 of the function, after profiles have set another: first what the user's own profile adds, then the
# PATH of the image in its order, then the other standard folders of the system.

perennial_join() {
  set -f
  IFS=: own='' rest=''
  for dir in $PATH; do
    case :$1: in *:"$dir":*) continue ;; esac
    case $dir in
      /usr/local/sbin | /usr/local/bin | /usr/sbin | /usr/bin | /sbin | /bin | /usr/local/games | /usr/games) rest=$rest:$dir ;;
      *) own=$own$dir: ;;
    esac
  done
  printf %s "$own$1$rest"
}
