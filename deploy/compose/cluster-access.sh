#!/bin/sh
# Gives the worker its service account and role in the cluster of KUBECONFIG, and a kubeconfig in the folder CREDENTIALS that can do
# just that and reaches the cluster at CLUSTER_SERVER. Changes nothing when run again.
set -eu
# The worker has another user than this script, and has to read what it writes.
umask 022
MANIFESTS=${MANIFESTS:-/deploy/kubernetes}
TRIES=30

in_cluster() { kubectl --server="$CLUSTER_SERVER" "$@"; }
field() { in_cluster --namespace=perennial-system get secret perennial-worker --output=go-template="{{ $1 }}"; }

in_cluster apply --filename="$MANIFESTS/worker/namespace.yaml" --filename="$MANIFESTS/worker/access.yaml" \
  --filename="$MANIFESTS/worker/secrets.yaml"
in_cluster apply --kustomize="$MANIFESTS/organization"
# A token of a Secret does not expire, unlike one that is asked for; whoever removes the Secret ends it.
in_cluster apply --filename=- <<END
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: perennial-worker
  namespace: perennial-system
  annotations:
    kubernetes.io/service-account.name: perennial-worker
END

tries=$TRIES
until [ -n "$(field 'or .data.token ""')" ]; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "the cluster made no token for the service account perennial-worker within $TRIES s" >&2
    exit 1
  fi
  sleep 1
done

cat >"$CREDENTIALS/kubeconfig.draft" <<END
apiVersion: v1
kind: Config
current-context: perennial
contexts:
  - name: perennial
    context: { cluster: perennial, user: perennial-worker }
clusters:
  - name: perennial
    cluster:
      server: $CLUSTER_SERVER
      certificate-authority-data: $(field 'index .data "ca.crt"')
users:
  - name: perennial-worker
    user:
      token: $(field 'base64decode .data.token')
END
mv "$CREDENTIALS/kubeconfig.draft" "$CREDENTIALS/kubeconfig.yaml"
echo "the worker's kubeconfig is ready"
