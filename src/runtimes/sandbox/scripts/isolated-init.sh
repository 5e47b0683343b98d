#!/bin/sh
# Builds the root of a sandbox and becomes its first process. It runs as root in new mount, PID, IPC, and UTS namespaces, so that all it
# mounts ends with the last process inside, however that ends. Each program it starts costs a build a millisecond or more.
#
# It prints its pid, and goes on only after a line of input: so the caller can record the pid first, and when the caller dies before,
# this process ends and nothing was made.
#
# Settings: mount_point, rootfs, dir, hide, fstab, resolv, hosts, name, user, uid, gid, seed, token.

set -eu
umask 022
# The pid in the namespace of the machine, whose /proc is still mounted.
read -r pid _ </proc/self/stat
echo "$pid"
read -r go
[ "$go" = go ]

# The layer of the build is in memory, which only this mount namespace has.
mount -t tmpfs -o mode=755 tmpfs "$mount_point"
cd "$mount_point"
mkdir -p root work upper/etc "upper/home/$user" "upper${dir%/*}"

# A device 0/0 hides what is below it, whatever is unmounted; the folders above keep their owners and modes.
eval "$hide"
mknod "upper$dir" c 0 0

# The image is copied, not stacked: an overlay refuses two lower layers of which one holds the other.
. ./copy-image.sh
. ./write-names.sh
chmod 755 upper

echo "$name" >/proc/sys/kernel/hostname
printf '%s' "$fstab" >fstab
mount -a -T fstab
cd root
pivot_root . .
umount -l .
cd /
# Hooks keep their state here, where nothing cleans up as in /tmp.
install -d -m 700 -o "$uid" -g "$gid" run/perennial

# As the user, who may put links into the home from now on.
as_user="setpriv --reuid $uid --regid $gid --clear-groups"
export HOME="/home/$user" skel=/etc/skel
. ./complete-home.sh
echo ready
exec </dev/null >/dev/null 2>&1
# The first process also reaps orphans.
exec env -i sh -c 'sleep 2147483647 & wait' perennial
