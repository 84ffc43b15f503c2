{{/*
The private keys of development, as YAML: those of the release before, and new ones where there are none, as where there is
no cluster to ask (`helm template`). They are remembered among the values, so that whoever asks again in the same rendering
gets the same.
*/}}
{{- define "taskmesh.devKeys" -}}
{{- $keys := .Values.dev.keys }}
{{- if not $keys.made }}
{{- $kept := (lookup "v1" "Secret" .Release.Namespace (include "taskmesh.keysSecret" .)).data | default dict }}
{{- $made := dict }}
{{- range $file := list "gateway.pem" "scheduler.pem" }}
{{- $_ := set $made $file (get $kept $file | default (genPrivateKey "ed25519" | b64enc)) }}
{{- end }}
{{- $_ := set $keys "made" $made }}
{{- end }}
{{- toYaml $keys.made }}
{{- end }}
