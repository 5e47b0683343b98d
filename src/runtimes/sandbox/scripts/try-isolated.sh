#!/bin/sh
# Tries what an isolated sandbox needs; all of it vanishes with this shell.

command -v nsenter && mount -t tmpfs tmpfs /tmp && cd /tmp && mkdir upper work root &&
  mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root &&
  mount -t proc proc root/proc && cd root && pivot_root . . && umount -l . && cd / && setpriv --reuid 65534 --clear-groups true
