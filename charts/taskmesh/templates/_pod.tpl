{{/* The container that brings a service's database to the state it needs. (list $ name service) */}}
{{- define "taskmesh.migrationContainer" -}}
{{- $service := index . 2 -}}
- name: migrate-{{ index . 1 }}
  image: {{ include "taskmesh.image" (list (index . 0) $service.image) }}
  imagePullPolicy: {{ $service.image.pullPolicy }}
  command: [/usr/local/bin/{{ index . 1 }}, migrate]
  env: {{- include "taskmesh.migrationEnv" . | nindent 4 }}
  {{- with $service.extraEnvFrom }}
  envFrom: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $service.extraVolumeMounts }}
  volumeMounts: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- toYaml $service.securityContext | nindent 4 }}
  resources: {{- toYaml (index . 0).Values.migrations.resources | nindent 4 }}
{{- end }}

{{/*
For development: the container that makes the public keys from the private ones, which Helm cannot. The program's own
container sees the public ones only. (list $ service)
*/}}
{{- define "taskmesh.keySetContainer" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
- name: key-set
  image: {{ include "taskmesh.image" (list $root $root.Values.image) }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  # Private keys that are there stay as they are; the file of the public ones is written beside them.
  command: [/usr/local/bin/taskmesh, new-keys, /etc/taskmesh/key-set]
  volumeMounts:
    - {name: key-set, mountPath: /etc/taskmesh/key-set}
    - {name: signing-keys, mountPath: /etc/taskmesh/key-set/gateway.pem, subPath: gateway.pem, readOnly: true}
    - {name: signing-keys, mountPath: /etc/taskmesh/key-set/scheduler.pem, subPath: scheduler.pem, readOnly: true}
  securityContext: {{- toYaml $service.securityContext | nindent 4 }}
  resources: {{- toYaml $service.resources | nindent 4 }}
{{- end }}

{{/* The volumes of a service's pod: of its keys those alone that it needs. (list $ name service) */}}
{{- define "taskmesh.volumes" -}}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- $service := index . 2 }}
{{- $program := index (include "taskmesh.programs" $root | fromYaml) $name }}
{{- $keys := $root.Values.keys }}
{{- $dev := $root.Values.dev.keys.enabled }}
{{- if or $program.signingKey (not $dev) }}
- name: keys
  secret:
    secretName: {{ include "taskmesh.keysSecret" $root }}
    items:
      {{- if $program.signingKey }}
      - {key: {{ eq $name "gateway" | ternary $keys.gateway $keys.scheduler | quote }}, path: signing-key.pem}
      {{- end }}
      {{- if and $program.keySet (not $dev) }}
      - {key: {{ $keys.keySet | quote }}, path: keys.json}
      {{- end }}
      {{- if and $program.furtherKeys $keys.furtherKeys }}
      - {key: {{ $keys.furtherKeys | quote }}, path: further-keys.json}
      {{- end }}
{{- end }}
{{- if and $program.keySet $dev }}
- name: signing-keys
  secret:
    secretName: {{ include "taskmesh.keysSecret" $root }}
- name: key-set
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
{{- end }}
{{- if $service.nats.credentialsKey }}
- name: nats
  secret:
    secretName: {{ $service.nats.existingSecret }}
    items:
      - {key: {{ $service.nats.credentialsKey | quote }}, path: {{ $service.nats.credentialsKey | quote }}}
{{- end }}
{{- with $service.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where the program finds them. (list $ name service) */}}
{{- define "taskmesh.volumeMounts" -}}
{{- $root := index . 0 }}
{{- $service := index . 2 }}
{{- $program := index (include "taskmesh.programs" $root | fromYaml) (index . 1) }}
{{- $dev := $root.Values.dev.keys.enabled }}
{{- if or $program.signingKey (not $dev) }}
- {name: keys, mountPath: /etc/taskmesh/keys, readOnly: true}
{{- end }}
{{- if and $program.keySet $dev }}
- {name: key-set, mountPath: /etc/taskmesh/key-set, readOnly: true}
{{- end }}
{{- if $service.nats.credentialsKey }}
- {name: nats, mountPath: /etc/taskmesh/nats, readOnly: true}
{{- end }}
{{- with $service.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}
