#!/bin/sh
# Copies the image into the layer. Where the machine has a link (/bin, as a rule), the image's folder of that name must not replace it.
# Settings: rootfs.

cp -dR --preserve=mode,timestamps,links "$rootfs/." upper/
for link in bin sbin lib lib32 lib64 libx32; do
  [ -L "/$link" ] && [ -d "upper/$link" ] && [ ! -L "upper/$link" ] || continue
  target=upper$(readlink -f "/$link")
  # A link of the image there would lead out of the layer.
  [ ! -L "${target%/*}" ] && [ ! -L "$target" ] || continue
  mkdir -p "$target"
  cp -dR --preserve=mode,timestamps,links "upper/$link/." "$target/"
  rm -r "upper/$link"
done
