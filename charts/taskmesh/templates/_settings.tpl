{{/* What the variables of a program begin with. (its name) */}}
{{- define "taskmesh.prefix" -}}
TASKMESH_{{ . | upper | replace "-" "_" }}__
{{- end }}

{{/* Nested settings as variables, `{http: {drain_ms: 1}}` as HTTP__DRAIN_MS. (list prefix settings) */}}
{{- define "taskmesh.variables" -}}
{{- $prefix := index . 0 }}
{{- range $key, $value := index . 1 }}
{{- if kindIs "map" $value }}
{{- include "taskmesh.variables" (list (printf "%s%s__" $prefix (upper $key)) $value) }}
{{- else }}
- name: {{ $prefix }}{{ upper $key }}
  value: {{ kindIs "string" $value | ternary $value (toRawJson $value) | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The variables by which a service is told everything. (list $ name service) */}}
{{- define "taskmesh.env" -}}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- $service := index . 2 }}
{{- $program := index (include "taskmesh.programs" $root | fromYaml) $name }}
{{- $prefix := include "taskmesh.prefix" $name }}
- name: {{ $prefix }}{{ $program.listen }}
  value: {{ printf "%s:8080" $service.listenAddress | quote }}
- name: {{ $prefix }}PROCESS__ADMIN_LISTEN
  value: {{ printf "%s:9090" $service.listenAddress | quote }}
{{- include "taskmesh.env.shutdown" . }}
- name: {{ $prefix }}DATABASE__URL
  valueFrom:
    secretKeyRef: {{- include "taskmesh.databaseRef" (list $root $name $service "service") | nindent 6 }}
- name: {{ $prefix }}DATABASE__MIGRATE_AT_START
  value: {{ eq $root.Values.migrations.mode "none" | quote }}
{{- include "taskmesh.env.nats" . }}
{{- include "taskmesh.env.keys" . }}
{{- range $setting, $called := $program.calls }}
- name: {{ $prefix }}{{ $setting }}
  value: http://{{ include "taskmesh.fullname" $root }}-{{ $called }}:8080
{{- end }}
{{- with $service.traces.endpoint }}
- name: {{ $prefix }}PROCESS__TRACES__ENDPOINT
  value: {{ . | quote }}
- name: {{ $prefix }}PROCESS__TRACES__SAMPLE_RATIO
  value: {{ $service.traces.sampleRatio | quote }}
{{- end }}
{{- if and (eq $name "notify-svc") $root.Values.webhooks.allowedNetworks }}
- name: {{ $prefix }}WEBHOOKS__ALLOWED_NETWORKS
  value: {{ $root.Values.webhooks.allowedNetworks | toRawJson | quote }}
{{- end }}
{{- include "taskmesh.env.own" . }}
{{- end }}

{{/* How it stops, so that it fits what Kubernetes is told. (list $ name service) */}}
{{- define "taskmesh.env.shutdown" -}}
{{- $program := index (include "taskmesh.programs" (index . 0) | fromYaml) (index . 1) }}
{{- $prefix := include "taskmesh.prefix" (index . 1) }}
{{- $shutdown := (index . 2).shutdown }}
- name: {{ $prefix }}PROCESS__SHUTDOWN__DRAIN_DELAY_MS
  value: {{ $shutdown.drainDelayMs | int | quote }}
- name: {{ $prefix }}PROCESS__SHUTDOWN__STAGE_TIMEOUT_MS
  value: {{ $shutdown.stageTimeoutMs | int | quote }}
{{- /* Open calls are ended before their stage is, so that each can be told. */}}
- name: {{ $prefix }}{{ $program.drain }}
  value: {{ div (mul 2 $shutdown.stageTimeoutMs) 3 | quote }}
{{- end }}

{{/* Where NATS is. (list $ name service) */}}
{{- define "taskmesh.env.nats" -}}
{{- $root := index . 0 }}
{{- $prefix := include "taskmesh.prefix" (index . 1) }}
{{- $nats := (index . 2).nats }}
- name: {{ $prefix }}NATS__URL
{{- if $root.Values.dev.nats.enabled }}
  value: nats://{{ include "taskmesh.fullname" $root }}-dev-nats:4222
{{- else if $nats.urlKey }}
  valueFrom:
    secretKeyRef:
      name: {{ $nats.existingSecret }}
      key: {{ $nats.urlKey }}
{{- else }}
  value: {{ $nats.url | quote }}
{{- end }}
- name: {{ $prefix }}NATS__REPLICAS
  value: {{ $nats.replicas | quote }}
{{- if $nats.credentialsKey }}
- name: {{ $prefix }}NATS__CREDENTIALS_FILE
  value: /etc/taskmesh/nats/{{ $nats.credentialsKey }}
{{- end }}
{{- end }}

{{/* Where its keys are. (list $ name service) */}}
{{- define "taskmesh.env.keys" -}}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- $program := index (include "taskmesh.programs" $root | fromYaml) $name }}
{{- $prefix := include "taskmesh.prefix" $name }}
{{- with $program.signingKey }}
- name: {{ $prefix }}{{ . }}
  value: /etc/taskmesh/keys/signing-key.pem
{{- end }}
{{- with $program.keySet }}
- name: {{ $prefix }}{{ . }}
  value: {{ $root.Values.dev.keys.enabled | ternary "/etc/taskmesh/key-set" "/etc/taskmesh/keys" }}/keys.json
{{- end }}
{{- if and $program.furtherKeys $root.Values.keys.furtherKeys }}
- name: {{ $prefix }}{{ $program.furtherKeys }}
  value: /etc/taskmesh/keys/further-keys.json
{{- end }}
{{- end }}

{{/* What the operator says of it. (list $ name service) */}}
{{- define "taskmesh.env.own" -}}
{{- include "taskmesh.variables" (list (include "taskmesh.prefix" (index . 1)) (index . 2).config) }}
{{- with (index . 2).extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The variables of a service's migration: the database, and what the operator says. (list $ name service) */}}
{{- define "taskmesh.migrationEnv" -}}
- name: {{ include "taskmesh.prefix" (index . 1) }}DATABASE__URL
  valueFrom:
    secretKeyRef: {{- include "taskmesh.databaseRef" (append . "migration") | nindent 6 }}
{{- include "taskmesh.env.own" . }}
{{- end }}
