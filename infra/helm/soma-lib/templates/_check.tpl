{{- /*
Ends the rendering with everything that is wrong at once, as a process does at its start, and in its words. Helm's schema
says what a value looks like; what a mode refuses is said here.
*/ -}}
{{- define "soma.check" -}}
{{- $faults := concat (include "soma.refused" . | fromJsonArray) (include "soma.unfit" . | fromJsonArray) -}}
{{- if $faults -}}
{{- $count := len $faults -}}
{{- fail (printf "the configuration has %s:\n  - %s" (eq $count 1 | ternary "a fault" (printf "%d faults" $count)) (join "\n  - " $faults)) -}}
{{- end -}}
{{- end }}

{{- define "soma.refused" -}}
{{- $mode := .Values.global.mode -}}
{{- $env := .Values.global.env -}}
{{- $secrets := .Values.global.secretEnv -}}
{{- $faults := list -}}
{{- range include "soma.refusals" . | fromJsonArray -}}
{{- $counts := or (not .beside) (eq (get $env (dig "beside" "env" "" .)) (dig "beside" "is" "" .)) -}}
{{- if and (has $mode .modes) $counts -}}
{{- $value := get $env .env | default .unset -}}
{{- if hasKey $secrets .env -}}
{{- if .secret }}{{ $faults = append $faults (replace "<mode>" $mode .secret) }}{{ end -}}
{{- else if not (regexMatch .allows $value) -}}
{{- $faults = append $faults (.words | replace "<mode>" $mode | replace "<value>" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end }}

{{- /* What would start and then be of no use in a cluster. */ -}}
{{- define "soma.unfit" -}}
{{- $image := .Values.global.image -}}
{{- $faults := list -}}
{{- if not $image.registry -}}
{{- $faults = append $faults "global.image.registry is not set; it is where the images soma-server, soma-gateway and soma-tools are" -}}
{{- end -}}
{{- if eq $image.tag "latest" -}}
{{- $faults = append $faults "global.image.tag is latest, which is another image each day; name a version" -}}
{{- end -}}
{{- if gt (len .Release.Name) 40 -}}
{{- $faults = append $faults (printf "the release is called %s, and its name is to have 40 characters at most, so that those made of it fit" .Release.Name) -}}
{{- end -}}
{{- if and .Values.global.conf.configMap (not (get .Values.global.env "SOMA_CONF_DIR")) -}}
{{- $faults = append $faults (printf "global.conf.configMap is %s, which is read by nobody while SOMA_CONF_DIR is not set" .Values.global.conf.configMap) -}}
{{- end -}}
{{- range $name := list "SOMA_BIND_HOST" "SOMA_METRICS_HOST" -}}
{{- $host := include "soma.value" (dict "root" $ "name" $name) -}}
{{- if regexMatch "^(127\\.|localhost$|::1$)" $host -}}
{{- $faults = append $faults (printf "%s is %s, where nobody outside of the pod is answered" $name $host) -}}
{{- end -}}
{{- end -}}
{{- range $name := list "SOMA_METRICS_PORT" "SOMA_GATEWAY_PORT" "SOMA_RUNS_PORT" "SOMA_MEMORY_PORT" "SOMA_POLICY_PORT" "SOMA_TOOLS_PORT" -}}
{{- if eq (include "soma.value" (dict "root" $ "name" $name)) "0" -}}
{{- $faults = append $faults (printf "%s is not set, and a service has to know it" $name) -}}
{{- end -}}
{{- end -}}
{{- $faults | toJson -}}
{{- end }}
