#!/bin/sh
# Waits, and exits 0 on a signal; the sleep ends with it.

trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
