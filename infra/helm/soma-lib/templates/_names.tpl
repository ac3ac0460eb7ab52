{{- /*
Each template here takes a dict: root (the $ of a chart) and part (its name, as the settings have it).
A release prefixes every name, so that two of them stand beside each other in one namespace.
*/ -}}
{{- define "soma.name" -}}
{{ .root.Release.Name }}-{{ .part }}
{{- end }}

{{- define "soma.selector" -}}
app.kubernetes.io/name: {{ .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "soma.labels" -}}
{{ include "soma.selector" . }}
app.kubernetes.io/part-of: somaagent01
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- /* With image: soma-server, soma-gateway or soma-tools. */ -}}
{{- define "soma.image" -}}
{{- $image := .root.Values.global.image -}}
{{ $image.registry }}/{{ .image }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- /* The value of the setting called name; its default where it is not set. */ -}}
{{- define "soma.value" -}}
{{- get .root.Values.global.env .name | default (get (include "soma.defaults" . | fromJson) .name) -}}
{{- end }}

{{- /* As JSON: the settings that the part is given, after what its chart sets. */ -}}
{{- define "soma.settings" -}}
{{- $readers := include "soma.readers" . | fromJson -}}
{{- $given := dict -}}
{{- range $name, $value := merge (dict) (.set | default (dict)) .root.Values.global.env -}}
{{- if has $.part (get $readers $name | default list) -}}
{{- $_ := set $given $name (tpl $value $.root) -}}
{{- end -}}
{{- end -}}
{{- $given | toJson -}}
{{- end }}
