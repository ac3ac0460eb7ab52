{{- /* Nobody's rights: no root, no capabilities, nothing to write to but what is mounted. */ -}}
{{- define "soma.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "soma.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "soma.env" -}}
{{- range $name, $value := include "soma.settings" . | fromJson }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range $name, $place := .root.Values.global.secretEnv }}
{{- if has $.part $place.parts }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $place.name }}
      key: {{ $place.key }}
{{- end }}
{{- end }}
{{- if has .part (get (include "soma.readers" . | fromJson) "SOMA_MODEL_API_KEY") }}
{{- range $name, $place := .root.Values.global.modelKeys }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $place.name }}
      key: {{ $place.key }}
{{- end }}
{{- end }}
{{- end }}

{{- /* As JSON: names of the files that settings of the part name below files.path. */ -}}
{{- define "soma.secretFiles" -}}
{{- $path := printf "%s/" .root.Values.global.files.path -}}
{{- $names := list -}}
{{- range $name, $value := include "soma.settings" . | fromJson -}}
{{- if and (hasSuffix "_FILE" $name) (hasPrefix $path $value) -}}
{{- $names = append $names (trimPrefix $path $value) -}}
{{- end -}}
{{- end -}}
{{- $names | uniq | sortAlpha | toJson -}}
{{- end }}

{{- /* Where there is an agent of Vault it writes the files, else a secret is mounted. */ -}}
{{- define "soma.annotations" -}}
{{- $global := .root.Values.global -}}
{{- $files := include "soma.secretFiles" . | fromJsonArray -}}
{{- if and $global.cluster.vaultInjection $files }}
vault.hashicorp.com/agent-inject: "true"
vault.hashicorp.com/role: {{ $global.vault.role | quote }}
vault.hashicorp.com/secret-volume-path: {{ $global.files.path | quote }}
vault.hashicorp.com/agent-run-as-user: "65532"
vault.hashicorp.com/agent-pre-populate-only: {{ .once | default false | quote }}
{{- range $file := $files }}
vault.hashicorp.com/agent-inject-secret-{{ $file }}: {{ $global.vault.path | quote }}
vault.hashicorp.com/agent-inject-template-{{ $file }}: |
  {{ printf "{{- with secret %q -}}{{ index .Data.data %q }}{{- end -}}" $global.vault.path $file }}
{{- end }}
{{- end }}
{{- end }}

{{- /* A process that ends has no sidecar, which would not. */ -}}
{{- define "soma.podLabels" -}}
{{ include "soma.labels" . }}
{{- if .root.Values.global.cluster.istioInjection }}
sidecar.istio.io/inject: {{ .once | default false | not | quote }}
{{- end }}
{{- end }}

{{- define "soma.mounts" -}}
{{- $settings := include "soma.settings" . | fromJson -}}
{{- $global := .root.Values.global -}}
- name: tmp
  mountPath: /tmp
{{- if and (include "soma.secretFiles" . | fromJsonArray) (not $global.cluster.vaultInjection) }}
- name: files
  mountPath: {{ $global.files.path }}
  readOnly: true
{{- end }}
{{- if and $settings.SOMA_CONF_DIR $global.conf.configMap }}
- name: conf
  mountPath: {{ $settings.SOMA_CONF_DIR }}
  readOnly: true
{{- end }}
{{- if $settings.SOMA_DATA_DIR }}
- name: data
  mountPath: {{ $settings.SOMA_DATA_DIR }}
{{- end }}
{{- end }}

{{- define "soma.volumes" -}}
{{- $settings := include "soma.settings" . | fromJson -}}
{{- $files := include "soma.secretFiles" . | fromJsonArray -}}
{{- $global := .root.Values.global -}}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- if and $files (not $global.cluster.vaultInjection) }}
- name: files
  secret:
    secretName: {{ $global.files.secret }}
    defaultMode: 288 # 0440
    items:
    {{- range $files }}
    - key: {{ . }}
      path: {{ . }}
    {{- end }}
{{- end }}
{{- if and $settings.SOMA_CONF_DIR $global.conf.configMap }}
- name: conf
  configMap:
    name: {{ $global.conf.configMap }}
{{- end }}
{{- if $settings.SOMA_DATA_DIR }}
- name: data
  persistentVolumeClaim:
    claimName: {{ $global.data.claim | default (include "soma.name" .) }}
{{- end }}
{{- end }}

{{- define "soma.resources" -}}
{{- $resources := .root.Values.global.cluster.resources -}}
{{- $own := get $resources .part | default $resources.other -}}
requests:
  cpu: {{ $own.cpu }}
  memory: {{ $own.memory }}
limits:
  memory: {{ $own.memory }}
{{- end }}

{{- /* What pods of parts and of jobs have in common, beside their containers' probes. */ -}}
{{- define "soma.podBase" -}}
serviceAccountName: {{ .account | default (include "soma.name" .) }}
# The agent of Vault shows it who the pod is; nothing else reads it.
automountServiceAccountToken: {{ include "soma.annotations" . | trim | empty | not }}
enableServiceLinks: false
securityContext:
  {{- include "soma.podSecurity" . | nindent 2 }}
{{- with .root.Values.global.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
volumes:
  {{- include "soma.volumes" . | nindent 2 }}
{{- end }}

{{- define "soma.containerBase" -}}
name: {{ .part }}
image: {{ include "soma.image" . | quote }}
imagePullPolicy: {{ .root.Values.global.image.pullPolicy }}
command: [node]
args: {{ .args | toJson }}
env:
  {{- include "soma.env" . | trim | nindent 2 }}
resources:
  {{- include "soma.resources" . | nindent 2 }}
securityContext:
  {{- include "soma.containerSecurity" . | nindent 2 }}
volumeMounts:
  {{- include "soma.mounts" . | nindent 2 }}
{{- end }}
