#!/usr/bin/env bash
# Deletes what deploy/local/up.sh has made, with all data in it.
#
#   deploy/local/down.sh [kind|minikube]
set -euo pipefail

case ${1:-kind} in
    kind)
        kind delete cluster --name taskmesh
        if docker inspect taskmesh-registry > /dev/null 2>&1; then
            docker rm --force --volumes taskmesh-registry
        fi
        ;;
    minikube) minikube delete --profile taskmesh ;;
    *)
        echo "usage: $0 [kind|minikube]" >&2
        exit 2
        ;;
esac
