{{/* The `from` of an ingress rule: these namespaces, or everyone in the cluster. */}}
{{- define "cloud-sources.fromNamespaces" -}}
from:
{{- if . }}
  {{- range . }}
  - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ . }} } }
  {{- end }}
{{- else }}
  - namespaceSelector: {}
{{- end }}
{{- end -}}

{{/* Names, brokers and databases: what every workload talks to. Takes the root. */}}
{{- define "cloud-sources.infrastructureEgress" -}}
{{- $brokerPorts := list -}}
{{- range .Values.kafka.brokers }}{{- $brokerPorts = append $brokerPorts (splitList ":" . | last) -}}{{- end -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
- ports:
    {{- range $brokerPorts | uniq }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
    {{- range .Values.networkPolicy.databasePorts }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end -}}
