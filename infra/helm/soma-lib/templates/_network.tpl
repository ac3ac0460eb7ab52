{{- /* Who may reach a pod, and whom it may reach: the edges of soma.graph, which are made of the settings, and no others. */ -}}
{{- define "soma.network" -}}
{{- $network := .root.Values.global.network -}}
{{- $cluster := .root.Values.global.cluster -}}
{{- $env := .root.Values.global.env -}}
{{- $graph := include "soma.graph" . | fromJson -}}
{{- $edges := get $graph .part -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "soma.name" . }}
  labels:
    {{- include "soma.labels" . | nindent 4 }}
  {{- if .once }}
  annotations:
    {{- include "soma.hook" (dict "weight" -20) | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels:
      {{- include "soma.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: {{- if .once }} []{{ end }}
  {{- if not .once }}
  - ports:
    - port: metrics
    {{- with $network.monitoring.from }}
    from:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- $callers := include "soma.callers" . | fromJsonArray }}
  {{- if $callers }}
  - ports:
    - port: http
    from:
    {{- range $callers }}
    - podSelector:
        matchLabels:
          {{- include "soma.selector" (dict "root" $.root "part" .) | nindent 10 }}
    {{- end }}
  {{- else if .port }}
  - ports:
    - port: http
    {{- with $network.gateway.from }}
    from:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- end }}
  egress:
  - ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
  {{- range $edges.calls }}
  - ports:
    - port: http
    to:
    - podSelector:
        matchLabels:
          {{- include "soma.selector" (dict "root" $.root "part" .) | nindent 10 }}
  {{- end }}
  {{- $named := dict "kafka" (get $env "SOMA_KAFKA_BROKERS") "collector" (get $env "OTEL_EXPORTER_OTLP_ENDPOINT") "issuer" (get $env "SOMA_OIDC_JWKS_URL") "somabrain" (get $env "SOMA_BASE_URL") "models" (get $env "SOMA_MODEL_BASE_URL") "web" (get $env "SOMA_HTTP_FETCH_ALLOW") }}
  {{- range $edges.uses }}
  {{- if or (not (has . (list "issuer" "somabrain"))) (get $named .) }}
  {{- include "soma.egress" (dict "peer" (get $network .) "named" (get $named .)) }}
  {{- end }}
  {{- end }}
  {{- if and $cluster.vaultInjection (include "soma.secretFiles" . | fromJsonArray) }}
  {{- include "soma.egress" (dict "peer" $network.vault "named" "") }}
  {{- end }}
  {{- if and $cluster.istioInjection (not .once) }}
  # What the sidecar is told by Istio.
  - ports:
    - port: 15012
  {{- end }}
{{- end }}

{{- /* To the ports of a peer, and to those of the addresses of a setting. */ -}}
{{- define "soma.egress" -}}
{{- $ports := list -}}
{{- range .peer.ports }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- range regexFindAll ":[0-9]+" (.named | default "") -1 }}{{ $ports = append $ports (trimPrefix ":" . | int) }}{{ end -}}
{{- if $ports }}
  - ports:
    {{- range $ports | uniq }}
    - port: {{ . }}
    {{- end }}
    {{- with .peer.to }}
    to:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}
{{- end }}

{{- /* As JSON: the parts that ask this one. */ -}}
{{- define "soma.callers" -}}
{{- $callers := list -}}
{{- range $part, $edges := include "soma.graph" . | fromJson -}}
{{- if has $.part $edges.calls }}{{ $callers = append $callers $part }}{{ end -}}
{{- end -}}
{{- $callers | toJson -}}
{{- end }}

{{- /* The same edges for a mesh, which knows who calls by a certificate and not by an address. */ -}}
{{- define "soma.authorization" -}}
{{- $callers := include "soma.callers" . | fromJsonArray -}}
{{- if and $callers .root.Values.global.cluster.istioInjection }}
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: {{ include "soma.name" . }}
  labels:
    {{- include "soma.labels" . | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "soma.selector" . | nindent 6 }}
  action: ALLOW
  rules:
  - from:
    - source:
        principals:
        {{- range $callers }}
        - "*/ns/{{ $.root.Release.Namespace }}/sa/{{ include "soma.name" (dict "root" $.root "part" .) }}"
        {{- end }}
    to:
    - operation:
        ports: [{{ include "soma.value" (dict "root" .root "name" .port) | quote }}]
  - to:
    - operation:
        ports: [{{ include "soma.value" (dict "root" .root "name" "SOMA_METRICS_PORT") | quote }}]
{{- end }}
{{- end }}
