{{/* Refuses values that contradict each other, and says what to do. What the schema can say is in values.schema.json. */}}
{{- define "taskmesh.validate" -}}
{{- include "taskmesh.validate.migrations" . }}
{{- include "taskmesh.validate.keys" . }}
{{- include "taskmesh.validate.routes" . }}
{{- range $name, $_ := include "taskmesh.programs" . | fromYaml }}
{{- if not (hasKey $.Values.services $name) }}
{{- fail (printf "services.%s is null: Taskmesh needs all of its services" $name) }}
{{- end }}
{{- $service := include "taskmesh.service" (list $ $name) | fromYaml }}
{{- include "taskmesh.validate.database" (list $ $name $service) }}
{{- include "taskmesh.validate.nats" (list $ $name $service) }}
{{- include "taskmesh.validate.scaling" (list $name $service) }}
{{- include "taskmesh.validate.env" (list $ $name $service) }}
{{- if and $service.service.headless (ne $service.service.type "ClusterIP") }}
{{- fail (printf "services.%s.service: headless is true, so type must be ClusterIP and not %s" $name $service.service.type) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "taskmesh.validate.migrations" -}}
{{- if and (eq .Values.migrations.mode "hook") .Values.dev.postgresql.enabled }}
{{- fail "migrations.mode is hook, which runs before anything is installed, and dev.postgresql is enabled, which is not there by then: set migrations.mode to initContainer" }}
{{- end }}
{{- end }}

{{- define "taskmesh.validate.keys" -}}
{{- if and .Values.dev.keys.enabled .Values.keys.existingSecret }}
{{- fail "keys.existingSecret is set, and dev.keys makes others: choose one" }}
{{- end }}
{{- if not (or .Values.dev.keys.enabled .Values.keys.existingSecret) }}
{{- fail "keys.existingSecret is not set: make a Secret with the keys that sign access tokens (README.md, Keys), or use values-dev.yaml" }}
{{- end }}
{{- end }}

{{- define "taskmesh.validate.routes" -}}
{{- $http := .Values.routes.http }}
{{- $grpc := .Values.routes.grpc }}
{{- range $kind, $route := .Values.routes }}
{{- if and $route.enabled (not $route.parentRefs) }}
{{- fail (printf "routes.%s is enabled, but parentRefs names no Gateway" $kind) }}
{{- end }}
{{- end }}
{{- $shared := or (not $http.hostnames) (not $grpc.hostnames) }}
{{- range $http.hostnames }}
{{- $shared = or $shared (has . $grpc.hostnames) }}
{{- end }}
{{- if and $http.enabled $grpc.enabled $shared (eq (toJson $http.parentRefs) (toJson $grpc.parentRefs)) }}
{{- fail "routes.http and routes.grpc share a host name at the same Gateway, which then serves only one of them: give each its own hostnames" }}
{{- end }}
{{- range $kind, $ingress := .Values.ingress }}
{{- if and $ingress.enabled (not $ingress.hosts) }}
{{- fail (printf "ingress.%s is enabled, but hosts is empty" $kind) }}
{{- end }}
{{- end }}
{{- end }}

{{/* (list $ name service) */}}
{{- define "taskmesh.validate.database" -}}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- $database := (index . 2).database }}
{{- if $root.Values.dev.postgresql.enabled }}
{{- if $database.existingSecret }}
{{- fail (printf "database.existingSecret of %s is set, and dev.postgresql is enabled in its place: choose one" $name) }}
{{- end }}
{{- else if not $database.existingSecret }}
{{- fail (printf "database.existingSecret of %s is not set: make a Secret with the address of each service's database (README.md, Databases), or use values-dev.yaml" $name) }}
{{- end }}
{{- if and $database.migration.existingSecret (eq $root.Values.migrations.mode "none") }}
{{- fail (printf "database.migration.existingSecret of %s is set, but with migrations.mode none services migrate by their own address: use hook or initContainer" $name) }}
{{- end }}
{{- end }}

{{/* (list $ name service) */}}
{{- define "taskmesh.validate.nats" -}}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- $nats := (index . 2).nats }}
{{- if $root.Values.dev.nats.enabled }}
{{- if or $nats.url $nats.existingSecret }}
{{- fail (printf "nats of %s is set, and dev.nats is enabled in its place: choose one" $name) }}
{{- end }}
{{- if gt (int $nats.replicas) 1 }}
{{- fail (printf "nats.replicas of %s is %v, but dev.nats is a single server" $name $nats.replicas) }}
{{- end }}
{{- else if and $nats.url $nats.urlKey }}
{{- fail (printf "nats.url and nats.urlKey of %s are both set: choose one" $name) }}
{{- else if not (or $nats.url $nats.urlKey) }}
{{- fail (printf "nats.url of %s is not set: say where NATS is, or use values-dev.yaml" $name) }}
{{- end }}
{{- if and (or $nats.urlKey $nats.credentialsKey) (not $nats.existingSecret) }}
{{- fail (printf "nats.urlKey or nats.credentialsKey of %s is set, but nats.existingSecret is not" $name) }}
{{- end }}
{{- end }}

{{/* (list name service) */}}
{{- define "taskmesh.validate.scaling" -}}
{{- $name := index . 0 }}
{{- $service := index . 1 }}
{{- $autoscaling := $service.autoscaling }}
{{- if $autoscaling.enabled }}
{{- if gt (int $autoscaling.minReplicas) (int $autoscaling.maxReplicas) }}
{{- fail (printf "services.%s.autoscaling: minReplicas is more than maxReplicas" $name) }}
{{- end }}
{{- if and $autoscaling.targetCPUUtilizationPercentage (not (dig "requests" "cpu" "" $service.resources)) }}
{{- fail (printf "services.%s.autoscaling goes by the part of the requested CPU, but resources.requests.cpu is not set" $name) }}
{{- end }}
{{- if not (or $autoscaling.targetCPUUtilizationPercentage $autoscaling.metrics) }}
{{- fail (printf "services.%s.autoscaling is enabled, but has nothing to go by" $name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* (list $ name service) */}}
{{- define "taskmesh.validate.env" -}}
{{- $names := list }}
{{- range include "taskmesh.env" . | fromYamlArray }}
{{- if has .name $names }}
{{- fail (printf "%s of %s is set twice: config and extraEnv must leave alone what the chart sets itself" .name (index $ 1)) }}
{{- end }}
{{- $names = append $names .name }}
{{- end }}
{{- end }}
