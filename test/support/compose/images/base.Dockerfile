# What Temporal's images have from Alpine: busybox as the shell, wget, and an nc that knows -z. The uid 1000 exists.
ARG BASE
FROM ${BASE}
RUN apt-get update \
  && apt-get install -y --no-install-recommends busybox-static netcat-openbsd \
  && rm -rf /var/lib/apt/lists/* \
  && ln -s /bin/busybox /usr/local/bin/wget \
  && ln -sf busybox /bin/sh
