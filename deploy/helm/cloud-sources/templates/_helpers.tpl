{{- define "cloud-sources.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "cloud-sources.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "cloud-sources.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "cloud-sources.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "cloud-sources.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Selector labels of one component. Takes (list root component). */}}
{{- define "cloud-sources.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "cloud-sources.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "cloud-sources.labels" -}}
{{- $root := index . 0 -}}
{{ include "cloud-sources.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: cloud-sources
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Takes (list root component). */}}
{{- define "cloud-sources.serviceAccount" -}}
{{- if (index . 0).Values.serviceAccount.create -}}
{{- printf "%s-%s" (include "cloud-sources.fullname" (index . 0)) (index . 1) -}}
{{- else -}}
default
{{- end -}}
{{- end -}}

{{/*
Every workload of the release: which app it runs, what it is scaled by, which secrets it may read and whom it talks to.
A secret that isn't listed here isn't mounted.
*/}}
{{- define "cloud-sources.workloads" -}}
{{- $all := list -}}
{{- range $name, $own := .Values.connectors -}}
{{- $values := mergeOverwrite (deepCopy $.Values.fetcher) (deepCopy (default dict $own)) -}}
{{- $all = append $all (dict "component" (printf "fetcher-%s" $name) "app" "fetcher" "values" $values "secrets" (list "database" "vault") "partners" true "env" (dict "CONNECTORS" $name)) -}}
{{- end -}}
{{- $all = append $all (dict "component" "gateway" "app" "gateway" "values" .Values.gateway "secrets" (list "database" "vault" "first-password" "first-api-key" "support-smtp" "oidc-client") "support" .Values.support.smtpSecret.name "partners" true "http" true "env" (include "cloud-sources.gatewayEnv" . | fromYaml)) -}}
{{- $all = append $all (dict "component" "webhook-gateway" "app" "webhook-gateway" "values" .Values.webhookGateway "secrets" (list "database" "vault") "http" true "env" (include "cloud-sources.httpEnv" . | fromYaml)) -}}
{{- $all = append $all (dict "component" "scheduler" "app" "scheduler" "values" .Values.scheduler "secrets" (list "database" "vault" "support-smtp" "support-hook") "support" (or .Values.support.smtpSecret.name .Values.support.hookUrl) "env" (include "cloud-sources.schedulerEnv" . | fromYaml)) -}}
{{- $all = append $all (dict "component" "normalizer" "app" "normalizer" "values" .Values.normalizer "secrets" list "env" dict) -}}
{{- $all = append $all (dict "component" "warehouse-loader" "app" "warehouse-loader" "values" .Values.warehouseLoader "secrets" (list "database" "vault") "env" dict) -}}
{{- $all = append $all (dict "component" "event-forwarder" "app" "event-forwarder" "values" .Values.eventForwarder "secrets" (list "database" "vault") "partners" true "env" dict) -}}
{{- toYaml (dict "items" $all) -}}
{{- end -}}

{{/* Both gateways listen on one port each; both know the public address of webhooks: one hands it out, the other checks what partners signed. */}}
{{- define "cloud-sources.httpEnv" -}}
PORT: "8080"
{{- with .Values.webhookGateway.ingress }}
{{- if .enabled }}
WEBHOOK_PUBLIC_URL: {{ printf "%s://%s" (ternary "https" "http" (ne (default "" .tlsSecret) "")) .host }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "cloud-sources.gatewayEnv" -}}
{{ include "cloud-sources.httpEnv" . }}
{{- with .Values.gateway.ingress }}
{{- if .enabled }}
PUBLIC_URL: {{ printf "%s://%s" (ternary "https" "http" (ne (default "" .tlsSecret) "")) .host }}
{{- end }}
{{- end }}
{{- with .Values.gateway.firstOwner }}
{{- if .email }}
BOOTSTRAP_OWNER_EMAIL: {{ .email }}
BOOTSTRAP_WORKSPACE: {{ .workspace | quote }}
{{- end }}
{{- end }}
{{- with .Values.gateway.trustedProxies }}
TRUSTED_PROXIES: {{ join "," . | quote }}
{{- end }}
{{- with .Values.gateway.oidc }}
{{- if .issuer }}
OIDC_ISSUER: {{ .issuer | quote }}
OIDC_CLIENT_ID: {{ required "gateway.oidc.clientId: the client at the issuer?" .clientId | quote }}
OIDC_NAME: {{ .name | quote }}
OIDC_ALLOWED_DOMAINS: {{ join "," .allowedDomains | quote }}
{{- if .defaultRole }}
OIDC_DEFAULT_ROLE: {{ .defaultRole }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.support.smtpSecret.name }}
SUPPORT_MAIL_FROM: {{ .Values.support.mailFrom | quote }}
{{- end }}
{{- end -}}

{{- define "cloud-sources.schedulerEnv" -}}
{{- with .Values.support }}
{{- if .smtpSecret.name }}
SUPPORT_MAIL_TO: {{ required "support.mailTo: who gets the mails?" (join "," .mailTo) | quote }}
SUPPORT_MAIL_FROM: {{ .mailFrom | quote }}
{{- end }}
{{- if .hookUrl }}
SUPPORT_HOOK_URL: {{ .hookUrl | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Name, key and file of each secret that a workload may mount. Takes the root. */}}
{{- define "cloud-sources.secretFiles" -}}
{{- $files := dict -}}
{{- $_ := set $files "database" (dict "env" "DATABASE_URL" "file" "database-url" "name" .Values.controlDatabase.secret.name "key" .Values.controlDatabase.secret.key) -}}
{{- $_ := set $files "vault" (dict "env" "VAULT_KEYS" "file" "vault-keys" "name" .Values.vault.secret.name "key" .Values.vault.secret.key) -}}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.caSecret.name -}}
{{- $_ := set $files "kafka-ca" (dict "env" "KAFKA_CA" "file" "kafka-ca.crt" "name" .Values.kafka.tls.caSecret.name "key" .Values.kafka.tls.caSecret.key) -}}
{{- end -}}
{{- if .Values.kafka.sasl.mechanism -}}
{{- $_ := set $files "kafka-sasl" (dict "env" "KAFKA_SASL_PASSWORD" "file" "kafka-sasl-password" "name" .Values.kafka.sasl.secret.name "key" .Values.kafka.sasl.secret.passwordKey) -}}
{{- end -}}
{{- with .Values.gateway.firstOwner -}}
{{- if and .email .secret.passwordKey -}}
{{- $_ := set $files "first-password" (dict "env" "BOOTSTRAP_OWNER_PASSWORD" "file" "first-password" "name" .secret.name "key" .secret.passwordKey) -}}
{{- end -}}
{{- if and .email .secret.apiKeyKey -}}
{{- $_ := set $files "first-api-key" (dict "env" "BOOTSTRAP_API_KEY" "file" "first-api-key" "name" .secret.name "key" .secret.apiKeyKey) -}}
{{- end -}}
{{- end -}}
{{- with .Values.gateway.oidc -}}
{{- if and .issuer .secret.name -}}
{{- $_ := set $files "oidc-client" (dict "env" "OIDC_CLIENT_SECRET" "file" "oidc-client-secret" "name" .secret.name "key" .secret.key) -}}
{{- end -}}
{{- end -}}
{{- with .Values.support -}}
{{- if .smtpSecret.name -}}
{{- $_ := set $files "support-smtp" (dict "env" "SUPPORT_SMTP_URL" "file" "support-smtp-url" "name" .smtpSecret.name "key" .smtpSecret.key) -}}
{{- end -}}
{{- if .hookUrl -}}
{{- $_ := set $files "support-hook" (dict "env" "SUPPORT_HOOK_SECRET" "file" "support-hook-secret" "name" (required "support.hookSecret.name: what are requests to the hook signed with?" .hookSecret.name) "key" .hookSecret.key) -}}
{{- end -}}
{{- end -}}
{{- toYaml $files -}}
{{- end -}}

{{/* Keys into secretFiles for a workload: its own and the broker's. Takes (list root secrets); a YAML list below `items`. */}}
{{- define "cloud-sources.mounted" -}}
{{- $files := include "cloud-sources.secretFiles" (index . 0) | fromYaml -}}
{{- $items := list -}}
{{- range $key := concat (index . 1) (list "kafka-ca" "kafka-sasl") -}}
{{- if hasKey $files $key -}}{{- $items = append $items (get $files $key) -}}{{- end -}}
{{- end -}}
{{- toYaml (dict "items" $items) -}}
{{- end -}}
