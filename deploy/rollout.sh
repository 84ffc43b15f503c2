#!/usr/bin/env bash
# Installs or upgrades Taskmesh by Helm and looks whether it works. If it does not, what was there before is back at the end.
#
#   deploy/rollout.sh CHART [options of `helm upgrade`]
#
# TASKMESH_URL is where the gateway is then reached from here; without it the chart's own tests have to do.
set -euo pipefail

chart=$1
shift
release=taskmesh
export HELM_NAMESPACE=${HELM_NAMESPACE:-taskmesh}

works() {
    helm test "$release" --logs --timeout 5m &&
        if [ -n "${TASKMESH_URL:-}" ]; then
            curl --silent --show-error --fail --output /dev/null \
                --retry 12 --retry-delay 5 --retry-all-errors "$TASKMESH_URL/readyz"
        fi
}

was_there=false
if helm status "$release" > /dev/null 2>&1; then was_there=true; fi

# Waits until all pods are ready; if they do not get so, or a migration fails, Helm itself goes back.
helm upgrade "$release" "$chart" --install --create-namespace --rollback-on-failure --timeout 10m --history-max 10 "$@"
if works; then exit; fi

if $was_there; then
    echo "the new release does not work: going back to the one before" >&2
    helm rollback "$release" --wait --timeout 10m
else
    echo "the release does not work; there is none before it to go back to" >&2
fi
exit 1
