{{/*
What holds for one service, as YAML: what all of them share, then `defaults`, then what is its own. Maps are merged and
everything else is replaced, by 0, false and empty lists too. (list $ name)
*/}}
{{- define "taskmesh.service" -}}
{{- $root := index . 0 -}}
{{- $shared := pick $root.Values "image" "database" "nats" "traces" -}}
{{- $own := index $root.Values.services (index . 1) -}}
{{- mergeOverwrite (deepCopy $shared) (deepCopy $root.Values.defaults) (deepCopy $own) | toYaml -}}
{{- end }}

{{/* What is true of the programs, as YAML. */}}
{{- define "taskmesh.programs" -}}
{{- .Files.Get "files/programs.yaml" -}}
{{- end }}

{{/*
How long a pod may take to stop, in seconds: what it waits for, and a second more than allowed for each of the eight steps
that the program may take: to tell that it stops; calls, consumers, workers, relay, admin; NATS, and the database.
(the service)
*/}}
{{- define "taskmesh.terminationGracePeriodSeconds" -}}
{{- $shutdown := .shutdown -}}
{{- $step := add 1 (divf $shutdown.stageTimeoutMs 1000 | ceil) -}}
{{- add $shutdown.preStopSeconds (divf $shutdown.drainDelayMs 1000 | ceil) (mul 8 $step) -}}
{{- end }}

{{/*
Where the address of a service's database is, as `secretKeyRef`. (list $ name service "service" | "migration")
*/}}
{{- define "taskmesh.databaseRef" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $address := (index . 2).database -}}
{{- if and (eq (index . 3) "migration") $address.migration.existingSecret -}}
{{- $address = $address.migration -}}
{{- end -}}
{{- if $root.Values.dev.postgresql.enabled -}}
name: {{ include "taskmesh.fullname" $root }}-dev-postgresql
key: {{ $name }}
{{- else -}}
name: {{ $address.existingSecret }}
key: {{ $address.key | default $name }}
{{- end -}}
{{- end }}

{{/* The Secret that holds the keys. */}}
{{- define "taskmesh.keysSecret" -}}
{{- .Values.dev.keys.enabled | ternary (printf "%s-dev-keys" (include "taskmesh.fullname" .)) .Values.keys.existingSecret -}}
{{- end }}
