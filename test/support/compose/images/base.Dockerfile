# What Temporal's images have from Alpine: busybox as the shell and for small programs. The uid 1000 exists.
ARG BASE
FROM ${BASE}
RUN apt-get update \
  && apt-get install -y --no-install-recommends busybox-static \
  && rm -rf /var/lib/apt/lists/* \
  && for applet in nc wget; do ln -s /bin/busybox "/usr/local/bin/$applet"; done \
  && ln -sf busybox /bin/sh
