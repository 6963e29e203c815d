{{/* The environment of a container. Takes (dict root env values secrets). */}}
{{- define "cloud-sources.env" -}}
{{- $root := .root -}}
{{- $plain := dict
  "LOG_LEVEL" $root.Values.logLevel
  "SHUTDOWN_SECONDS" ($root.Values.shutdownSeconds | toString)
  "HEALTH_PORT" "9090"
  "KAFKA_BROKERS" (join "," $root.Values.kafka.brokers)
  "TOPIC_PREFIX" $root.Values.kafka.topicPrefix
  "KAFKA_SSL" ($root.Values.kafka.tls.enabled | toString) -}}
{{- if $root.Values.kafka.sasl.mechanism -}}
{{- $_ := set $plain "KAFKA_SASL_MECHANISM" $root.Values.kafka.sasl.mechanism -}}
{{- end -}}
{{- range $name, $value := mergeOverwrite $plain (default dict .env) (default dict .values.env) }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- if $root.Values.kafka.sasl.mechanism }}
- name: KAFKA_SASL_USERNAME
  valueFrom:
    secretKeyRef: { name: {{ $root.Values.kafka.sasl.secret.name }}, key: {{ $root.Values.kafka.sasl.secret.usernameKey }} }
{{- end }}
{{- range $secret := (include "cloud-sources.mounted" (list $root .secrets) | fromYaml).items }}
- name: {{ $secret.env }}_FILE
  value: /run/cloud-sources/{{ $secret.file }}
{{- end }}
{{- end -}}

{{/* Volumes: scratch space, and the secrets as files. Takes (dict root secrets). */}}
{{- define "cloud-sources.volumes" -}}
- name: tmp
  emptyDir: { sizeLimit: 256Mi }
{{- with (include "cloud-sources.mounted" (list .root .secrets) | fromYaml).items }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range . }}
      - secret:
          name: {{ .name }}
          items: [{ key: {{ .key | quote }}, path: {{ .file }} }]
      {{- end }}
{{- end }}
{{- end -}}

{{- define "cloud-sources.volumeMounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if (include "cloud-sources.mounted" (list .root .secrets) | fromYaml).items }}
- { name: secrets, mountPath: /run/cloud-sources, readOnly: true }
{{- end }}
{{- end -}}

{{- define "cloud-sources.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "cloud-sources.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* Where a pod may run. Takes the root. */}}
{{- define "cloud-sources.placement" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}
