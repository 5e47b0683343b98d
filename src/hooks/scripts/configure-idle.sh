#!/bin/sh
# Whether the step `configure` has certainly nothing to run, and the sentence for that. Sets no variable.

is_idle() {
  [ ! -e "${PERENNIAL_ROOTFS:-}/coder/configure" ] && [ ! -L "${PERENNIAL_ROOTFS:-}/coder/configure" ]
}

print_idle_reason() {
  printf 'the image has no /coder/configure'
}
