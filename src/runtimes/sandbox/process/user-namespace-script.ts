import { COMPLETE_HOME, COPY_IMAGE, WRITE_NAMES } from './init-script';

/**
 * Builds a sandbox's root for a caller who is not root, in user, mount, IPC, and host-name spaces of his own. Then it becomes the parent
 * of the sandbox's first process, which has further spaces of its own, in which the caller goes by the uid of the image's user and
 * has no rights over what was mounted.
 *
 * No layer can lie over the whole root: the kernel forbids to look below what is mounted on it. So each of the machine's folders on which
 * nothing is mounted gets its own layer (`laid`); of the others (`opened`) what is no folder is copied. A layer that the machine
 * refuses leaves its folder empty.
 *
 * Settings: mount_point, rootfs, dir, modes, laid, opened, fstab, resolv, hosts, name, user, uid, gid, home, skel, seed, token, inner.
 */
export const USER_NAMESPACE_SETUP = `
set -eu
umask 022
echo "$$"
read -r go
[ "$go" = go ]

mount -t tmpfs -o mode=755 tmpfs "$mount_point"
cd "$mount_point"
mkdir -p root layers upper/etc "upper/home/$user" "upper\${dir%/*}"
eval "$modes"
mknod "upper$dir" c 0 0
mount -t tmpfs -o mode=755 tmpfs root
mkdir -p root/dev root/proc root/sys root/tmp root/run root/etc root/home

${COPY_IMAGE}
${WRITE_NAMES}
# What belongs to root on the machine cannot be copied into a layer, not even to be written into by everybody.
[ -L upper/var ] || [ -L upper/var/tmp ] || { mkdir -p upper/var/tmp && chmod 1777 upper/var/tmp; }

# What is mounted on the machine may hang or be immense, so only what lies in the folder itself is copied.
while IFS= read -r folder; do
  mkdir -p "root$folder"
  find "/$folder" -mindepth 1 -maxdepth 1 '(' -type l -o -type f -size -32768 ')' \\
    -exec cp -d --preserve=mode,timestamps -t "root$folder" {} + 2>/dev/null || :
done <<END
$opened
END

layers=0
while IFS= read -r folder; do
  [ -n "$folder" ] || continue
  [ -e "upper$folder" ] || [ -L "upper$folder" ] || { mkdir -p "upper$folder" && chmod --reference="$folder" "upper$folder"; } || :
  # The image has something else in its place.
  [ -d "upper$folder" ] && [ ! -L "upper$folder" ] || continue
  layers=$((layers + 1))
  mkdir -p "root$folder" "layers/$layers"
  mount -t overlay -o "lowerdir=$folder,upperdir=upper$folder,workdir=layers/$layers,userxattr" overlay "root$folder" || :
done <<END
$laid
END

# What else the image has stands in no layer.
settle() {
  for source in "upper$1"/* "upper$1"/.[!.]* "upper$1"/..?*; do
    target=root\${source#upper}
    [ -e "$source" ] || [ -L "$source" ] || continue
    [ ! -c "$source" ] || continue
    [ -d "$source" ] && [ ! -L "$source" ] && [ -d "$target" ] && [ ! -L "$target" ] && continue
    rm -rf "$target"
    mv "$source" "$target"
  done
}
while IFS= read -r folder; do settle "$folder"; done <<END
$opened
END

hostname "$name" || :
mkdir -p "root/home/$user"
printf '%s' "$fstab" >fstab
mount -a -T fstab
mkdir -m 700 root/run/perennial
cd root
pivot_root . .
umount -l .
cd /
exec unshare --user --map-user="$uid" --map-group="$gid" --mount --pid --ipc --uts --fork --kill-child --mount-proc \\
  sh -c 'eval "$inner"' perennial
`;

/** Becomes the first process, as the image's user. Settings: HOME, skel, seed, token. */
export const USER_NAMESPACE_INIT = `
set -eu
as_user=
${COMPLETE_HOME}
echo ready
exec </dev/null >/dev/null 2>&1
# All inside have its uid, and somebody may end the sleep.
exec env -i PATH="$PATH" "PERENNIAL_INSTANCE=$PERENNIAL_INSTANCE" sh -c 'while :; do sleep 2147483647 & wait; done' perennial
`;
