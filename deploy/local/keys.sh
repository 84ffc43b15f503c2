#!/usr/bin/env bash
# Makes the keys that sign access tokens, unless they are there, and gives them to the cluster as the Secret taskmesh-keys.
set -euo pipefail
cd "$(dirname "$0")/../.."

.tilt/programs/taskmesh/taskmesh new-keys .tilt/keys
kubectl create secret generic taskmesh-keys --from-file=.tilt/keys --dry-run=client --output=yaml | kubectl apply --filename=-
