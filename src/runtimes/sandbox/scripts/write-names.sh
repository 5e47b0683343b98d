#!/bin/sh
# Writes the files with names of hosts. On many machines they are mounted or linked from elsewhere, and the layer below shows them empty.
# They replace those of the image, which may be links too.
# Settings: resolv, hosts, name.

rm -rf upper/etc/resolv.conf upper/etc/hosts upper/etc/hostname
printf '%s' "$resolv" >upper/etc/resolv.conf
printf '%s' "$hosts" >upper/etc/hosts
echo "$name" >upper/etc/hostname
