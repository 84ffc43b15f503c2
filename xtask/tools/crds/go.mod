// Nothing is built of these modules: they hold the schemas of kinds that are not Kubernetes' own.
module taskmesh/tools/crds

go 1.26.0

require (
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.3
)
