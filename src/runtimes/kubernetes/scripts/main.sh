#!/bin/sh
# The main process of a workspace: checks that the home belongs to the user, since the kubelet would have made an empty folder in the place
# of a lost one, and waits. On a signal it ends all other processes, and gives them five seconds.

if [ ! -O "$HOME" ]; then
  printf 'the folder of the home is not in its volume any more' >/dev/termination-log
  exit 66
fi
others() {
  for process in /proc/[0-9]*; do
    case $process in /proc/1 | "/proc/$$") continue ;; esac
    { read -r line <"$process/stat"; } 2>/dev/null || continue
    case ${line##*) } in Z* | X*) ;; *) return 0 ;; esac
  done
  return 1
}
end() {
  trap '' TERM INT HUP
  kill -TERM -1
  # An interactive shell ignores TERM.
  kill -HUP -1
  left=50
  while [ "$left" -gt 0 ] && others; do
    sleep 0.1 || sleep 1
    left=$((left - 1))
  done 2>/dev/null
  exit 0
}
trap end TERM INT
while :; do sleep 3600 & wait $!; done
