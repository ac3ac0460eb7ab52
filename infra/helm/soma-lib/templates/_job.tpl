{{- /*
What has to be there before anything of a version starts. Its program changes nothing where nothing is to change, so it may
run at each install and upgrade, and again when it was interrupted. Takes, beside root and part: account, and weight.
*/ -}}
{{- define "soma.job" -}}
{{- $_ := merge . (dict "once" true) (get (include "soma.programs" . | fromJson) .part) -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "soma.name" . }}
  labels:
    {{- include "soma.labels" . | nindent 4 }}
  annotations:
    {{- include "soma.hook" . | nindent 4 }}
spec:
  backoffLimit: 3
  activeDeadlineSeconds: 300
  ttlSecondsAfterFinished: 3600
  template:
    metadata:
      labels:
        {{- include "soma.podLabels" . | nindent 8 }}
      {{- with include "soma.annotations" . | trim }}
      annotations:
        {{- . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "soma.podBase" . | nindent 6 }}
      restartPolicy: Never
      containers:
      - {{ include "soma.containerBase" . | nindent 8 | trim }}
---
{{ include "soma.network" . }}
{{- end }}

{{- define "soma.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
