#!/usr/bin/env bash
# Makes a cluster on this machine for `tilt up`, and a place for its images.
#
#   deploy/local/up.sh [kind|minikube]
#
# Needs Docker, and kind or minikube. Running it again does no harm.
set -euo pipefail

registry_port=5001

with_kind() {
    if ! docker inspect taskmesh-registry > /dev/null 2>&1; then
        docker run --detach --restart unless-stopped --name taskmesh-registry \
            --publish "127.0.0.1:$registry_port:5000" docker.io/library/registry:3.0.0
    fi
    if ! kind get clusters | grep --quiet --line-regexp taskmesh; then
        kind create cluster --name taskmesh --wait 2m --config=- << YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
YAML
    fi
    # What the machine calls localhost:5001 is another container for the nodes.
    for node in $(kind get nodes --name taskmesh); do
        docker exec --interactive "$node" sh -c "mkdir -p /etc/containerd/certs.d/localhost:$registry_port &&
            cat > /etc/containerd/certs.d/localhost:$registry_port/hosts.toml" << TOML
[host."http://taskmesh-registry:5000"]
TOML
    done
    docker network connect kind taskmesh-registry 2> /dev/null || true
    # How Tilt and others find the registry.
    kubectl --context kind-taskmesh apply --filename=- << YAML
apiVersion: v1
kind: ConfigMap
metadata:
  name: local-registry-hosting
  namespace: kube-public
data:
  localRegistryHosting.v1: |
    host: "localhost:$registry_port"
YAML
}

# Tilt builds images with the Docker inside it: no registry is needed.
with_minikube() {
    minikube start --profile taskmesh --driver docker
}

case ${1:-kind} in
    kind) with_kind ;;
    minikube) with_minikube ;;
    *)
        echo "usage: $0 [kind|minikube]" >&2
        exit 2
        ;;
esac
