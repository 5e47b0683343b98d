#!/bin/sh
# Builds the root of a sandbox for a caller who is not root, in new user, mount, IPC, and UTS namespaces. Then it becomes the parent of
# the first process of the sandbox, which has further namespaces of its own, in which the caller has the uid of the image's user and no
# rights over what was mounted. It waits for input as isolated-init.sh does.
#
# No layer can cover the whole root: the kernel does not show what is below mount points. So each folder of the machine without a mount
# below it gets its own layer (`laid`); of the others (`opened`) everything but folders is copied. A layer that the machine refuses leaves
# its folder empty.
#
# Settings: mount_point, rootfs, dir, modes, laid, opened, fstab, resolv, hosts, name, user, uid, gid, home, skel, seed, token, inner.

set -eu
umask 022
echo "$$"
read -r go
[ "$go" = go ]

mount -t tmpfs -o mode=755 tmpfs "$mount_point"
cd "$mount_point"
mkdir -p root layers upper/etc "upper/home/$user" "upper${dir%/*}"
eval "$modes"
mknod "upper$dir" c 0 0
mount -t tmpfs -o mode=755 tmpfs root
mkdir -p root/dev root/proc root/sys root/tmp root/run root/etc root/home

. ./copy-image.sh
. ./write-names.sh
# A folder of root on the machine cannot be copied into a layer, even when all may write to it.
[ -L upper/var ] || [ -L upper/var/tmp ] || { mkdir -p upper/var/tmp && chmod 1777 upper/var/tmp; }

# Mounts of the machine may hang or be immense, so only what is in the folder itself is copied.
while IFS= read -r folder; do
  mkdir -p "root$folder"
  find "/$folder" -mindepth 1 -maxdepth 1 '(' -type l -o -type f -size -32768 ')' \
    -exec cp -d --preserve=mode,timestamps -t "root$folder" {} + 2>/dev/null || :
done <<END
$opened
END

layers=0
while IFS= read -r folder; do
  [ -n "$folder" ] || continue
  [ -e "upper$folder" ] || [ -L "upper$folder" ] || { mkdir -p "upper$folder" && chmod --reference="$folder" "upper$folder"; } || :
  # The image has a file or a link of this name.
  [ -d "upper$folder" ] && [ ! -L "upper$folder" ] || continue
  layers=$((layers + 1))
  mkdir -p "root$folder" "layers/$layers"
  mount -t overlay -o "lowerdir=$folder,upperdir=upper$folder,workdir=layers/$layers,userxattr" overlay "root$folder" || :
done <<END
$laid
END

# Moves what the image has outside of the layers.
settle() {
  for source in "upper$1"/* "upper$1"/.[!.]* "upper$1"/..?*; do
    target=root${source#upper}
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
# shellcheck disable=SC2016 # The inner shell expands it.
exec unshare --user --map-user="$uid" --map-group="$gid" --mount --pid --ipc --uts --fork --kill-child --mount-proc \
  sh -c 'eval "$inner"' perennial
