# Not k3s: only its kubectl, for a cluster that runs elsewhere.
ARG BASE
FROM ${BASE}
COPY kubectl /usr/local/bin/
