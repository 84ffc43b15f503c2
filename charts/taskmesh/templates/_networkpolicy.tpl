{{/* Who is called, as rules of `egress`; each takes the root. Without `to` it is everybody. */}}

{{- define "taskmesh.egress.dns" -}}
- ports:
    - {protocol: UDP, port: {{ .Values.networkPolicy.dns.port }}}
    - {protocol: TCP, port: {{ .Values.networkPolicy.dns.port }}}
  {{- with .Values.networkPolicy.dns.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "taskmesh.egress.database" -}}
{{- $database := .Values.networkPolicy.database -}}
{{- if .Values.dev.postgresql.enabled -}}
- to:
    - podSelector:
        matchLabels: {{- include "taskmesh.selectorLabels" (list . "dev-postgresql") | nindent 10 }}
  ports:
    - {protocol: TCP, port: 5432}
{{- else -}}
- ports:
    - {protocol: TCP, port: {{ $database.port }}}
  {{- with $database.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "taskmesh.egress.nats" -}}
{{- $nats := .Values.networkPolicy.nats -}}
{{- if .Values.dev.nats.enabled -}}
- to:
    - podSelector:
        matchLabels: {{- include "taskmesh.selectorLabels" (list . "dev-nats") | nindent 10 }}
  ports:
    - {protocol: TCP, port: 4222}
{{- else -}}
- ports:
    - {protocol: TCP, port: {{ $nats.port }}}
  {{- with $nats.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* (list $ endpoint) */}}
{{- define "taskmesh.egress.traces" -}}
- ports:
    - {protocol: TCP, port: {{ (urlParse (index . 1)).host | splitList ":" | last }}}
  {{- with (index . 0).Values.networkPolicy.traces.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* A service of the same release. (list $ name) */}}
{{- define "taskmesh.egress.service" -}}
- to:
    - podSelector:
        matchLabels: {{- include "taskmesh.selectorLabels" . | nindent 10 }}
  ports:
    - {protocol: TCP, port: 8080}
{{- end }}

{{/*
Receivers of webhooks: the public internet, without what IANA has set apart for other purposes (as notify-svc itself has it,
which goes into more detail), and networks that the operator names.
*/}}
{{- define "taskmesh.egress.webhooks" -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
          - 0.0.0.0/8
          - 10.0.0.0/8
          - 100.64.0.0/10
          - 127.0.0.0/8
          - 168.63.129.16/32
          - 169.254.0.0/16
          - 172.16.0.0/12
          - 192.0.0.0/24
          - 192.168.0.0/16
          - 198.18.0.0/15
          - 224.0.0.0/3
    - ipBlock:
        cidr: 2000::/3
  ports:
    {{- range .Values.webhooks.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- with .Values.webhooks.allowedNetworks }}
- to:
    {{- range . }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
{{- end }}
{{- end }}
