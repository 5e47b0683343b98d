#!/bin/sh
# Tries what a sandbox in user namespaces needs; all of it vanishes with this shell.

command -v nsenter && command -v find && mount -t tmpfs tmpfs /tmp && cd /tmp && mkdir upper work root &&
  mknod upper/hidden c 0 0 && mount -t overlay -o lowerdir=/usr,upperdir=upper,workdir=work,userxattr overlay root &&
  exec unshare --user --map-user=1000 --map-group=1000 --mount --pid --ipc --uts --fork --kill-child --mount-proc test -e /proc/1
