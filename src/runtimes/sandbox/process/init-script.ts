// Both scripts say their pid, and go on only when told to. So whoever starts them can write the pid down first, and if that
// process dies before, they end with it and nothing was made.

// What cannot be put into a home, full for example, is no reason not to start.
export const COMPLETE_HOME = `
if [ "$seed" = yes ] && [ -d "$skel" ]; then $as_user cp -Rn "$skel/." "$HOME/" || :; fi
if [ -n "$token" ]; then
  $as_user sh -c 'mkdir -p "$HOME/.perennial" && rm -f "$HOME/.perennial/home" && echo "$1" >"$HOME/.perennial/home"' sh "$token" || :
fi`;

/** Where the machine has a link (`/bin`, as a rule), the image's folder of that name must not take its place. */
export const COPY_IMAGE = `
cp -dR --preserve=mode,timestamps,links "$rootfs/." upper/
for link in bin sbin lib lib32 lib64 libx32; do
  [ -L "/$link" ] && [ -d "upper/$link" ] && [ ! -L "upper/$link" ] || continue
  target=upper$(readlink -f "/$link")
  # What the image links there leads out of the layer.
  [ ! -L "\${target%/*}" ] && [ ! -L "$target" ] || continue
  mkdir -p "$target"
  cp -dR --preserve=mode,timestamps,links "upper/$link/." "$target/"
  rm -r "upper/$link"
done`;

/**
 * On many machines these are mounted or linked from elsewhere, and the layer below shows them empty. They take the place of the image's,
 * which may be links too.
 */
export const WRITE_NAMES = `
rm -rf upper/etc/resolv.conf upper/etc/hosts upper/etc/hostname
printf '%s' "$resolv" >upper/etc/resolv.conf
printf '%s' "$hosts" >upper/etc/hosts
echo "$name" >upper/etc/hostname`;

/**
 * Builds a sandbox's root and becomes its first process. It runs as root in fresh mount, process, IPC, and host-name spaces
 * that nobody else sees, so that all it mounts ends with the last process inside, however that ends. Each program it starts
 * costs a build a millisecond or more, so it starts few.
 *
 * Settings: mount_point, rootfs, dir, hide, fstab, resolv, hosts, name, user, uid, gid, seed, token.
 */
export const ISOLATED_SETUP = `
set -eu
umask 022
# The pid as the machine counts it: the old /proc is still there.
read -r pid rest </proc/self/stat
echo "$pid"
read -r go
[ "$go" = go ]

# The build's layer lies in memory that only this mount namespace has.
mount -t tmpfs -o mode=755 tmpfs "$mount_point"
cd "$mount_point"
mkdir -p root work upper/etc "upper/home/$user" "upper\${dir%/*}"

# A device 0/0 hides what lies below it, whatever is unmounted; the folders above keep their owners and modes.
eval "$hide"
mknod "upper$dir" c 0 0

# The image is copied, not stacked: an overlay refuses two lower layers of which one holds the other.
${COPY_IMAGE}
${WRITE_NAMES}
chmod 755 upper

echo "$name" >/proc/sys/kernel/hostname
printf '%s' "$fstab" >fstab
mount -a -T fstab
cd root
pivot_root . .
umount -l .
cd /
# Where hooks keep what must not be swept up with /tmp.
install -d -m 700 -o "$uid" -g "$gid" run/perennial

# As the user, who from now on may put links into the home.
as_user="setpriv --reuid $uid --regid $gid --clear-groups"
export HOME="/home/$user" skel=/etc/skel
${COMPLETE_HOME}
echo ready
exec </dev/null >/dev/null 2>&1
# The first process also collects those that lost their parent.
exec env -i sh -c 'sleep 2147483647 & wait' perennial
`;

/**
 * Becomes the first process of a plain process tree. It runs as the user, and its environment already has the mark by which
 * all that descends from it is found.
 *
 * Settings: HOME, skel, seed, token.
 */
export const PLAIN_SETUP = `
set -eu
umask 022
echo "$$"
read -r go
[ "$go" = go ]
cd "$HOME"
as_user=
${COMPLETE_HOME}
echo ready
exec </dev/null >/dev/null 2>&1
exec sh -c 'sleep 2147483647 & wait' perennial
`;
