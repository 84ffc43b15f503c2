{{/* What the names of all objects begin with. Short, as names of Services have 63 letters at most. */}}
{{- define "taskmesh.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What a pod is found by, for ever: a Deployment's selector cannot be changed. (list $ component) */}}
{{- define "taskmesh.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* The labels of an object. (list $ component) */}}
{{- define "taskmesh.labels" -}}
{{- $root := index . 0 -}}
{{ include "taskmesh.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: taskmesh
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The service account of a service's pods. (list $ name service) */}}
{{- define "taskmesh.serviceAccountName" -}}
{{- $account := (index . 2).serviceAccount -}}
{{- if $account.name -}}
{{- $account.name -}}
{{- else if $account.create -}}
{{- include "taskmesh.fullname" (index . 0) }}-{{ index . 1 -}}
{{- else -}}
default
{{- end -}}
{{- end }}

{{/* The whole name of an image. (list $ image) */}}
{{- define "taskmesh.image" -}}
{{- $image := index . 1 -}}
{{- $tag := $image.tag | default (index . 0).Chart.AppVersion -}}
{{- $name := compact (list $image.registry $image.repository) | join "/" -}}
{{- if $image.digest -}}
{{- $name }}@{{ $image.digest -}}
{{- else -}}
{{- $name }}:{{ $tag -}}
{{- end -}}
{{- end }}
