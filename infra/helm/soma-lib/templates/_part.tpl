{{- /*
All of a part of the product, by what soma.programs says of it. Its chart may give scaling beside root and part: a metric of its
pods, and how much of it each one is to have.
*/ -}}
{{- define "soma.part" -}}
{{- $_ := merge . (get (include "soma.programs" . | fromJson) .part) -}}
{{- include "soma.account" . }}
---
{{ include "soma.deployment" . }}
---
{{ include "soma.service" . }}
---
{{ include "soma.network" . }}
{{- if include "soma.scales" . }}
---
{{ include "soma.autoscaler" . }}
{{- end }}
{{- if include "soma.several" . }}
---
{{ include "soma.disruption" . }}
{{- end }}
{{- if .root.Capabilities.APIVersions.Has "security.istio.io/v1" }}
{{- with include "soma.authorization" . | trim }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "soma.replicas" -}}
{{ include "soma.value" (dict "root" .root "name" "REPLICA_COUNT") }}
{{- end }}

{{- /* Not empty where the number of processes follows their load. */ -}}
{{- define "soma.scales" -}}
{{- if gt (int .root.Values.global.cluster.maxReplicas) (include "soma.replicas" . | int) }}yes{{ end -}}
{{- end }}

{{- /* Not empty where there may be more than one of them. */ -}}
{{- define "soma.several" -}}
{{- if or (include "soma.scales" .) (gt (include "soma.replicas" . | int) 1) }}yes{{ end -}}
{{- end }}

{{- define "soma.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "soma.name" . }}
  labels:
    {{- include "soma.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end }}

{{- define "soma.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "soma.name" . }}
  labels:
    {{- include "soma.labels" . | nindent 4 }}
spec:
  {{- if not (include "soma.scales" .) }}
  replicas: {{ include "soma.replicas" . }}
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- include "soma.selector" . | nindent 6 }}
  strategy:
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
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
      # 5 s until nobody sends anything any more, then the part (25 s at most) and its bus (25 s at most).
      terminationGracePeriodSeconds: 60
      {{- if include "soma.several" . }}
      topologySpreadConstraints:
        {{- include "soma.spread" . | trim | nindent 8 }}
      {{- end }}
      containers:
      - {{ include "soma.containerBase" . | nindent 8 | trim }}
        ports:
        {{- with .port }}
        - name: http
          containerPort: {{ include "soma.value" (dict "root" $.root "name" .) }}
        {{- end }}
        - name: metrics
          containerPort: {{ include "soma.value" (dict "root" .root "name" "SOMA_METRICS_PORT") }}
        startupProbe:
          httpGet: { path: /healthz, port: metrics }
          periodSeconds: 2
          failureThreshold: 60
        # Whether the process lives: a lost database is no reason to end it.
        livenessProbe:
          httpGet: { path: /healthz, port: metrics }
          periodSeconds: 10
          timeoutSeconds: 5
          failureThreshold: 6
        readinessProbe:
          httpGet: { path: /readyz, port: metrics }
          periodSeconds: 5
          timeoutSeconds: 3
          failureThreshold: 2
        lifecycle:
          preStop:
            sleep:
              seconds: 5
{{- end }}

{{- define "soma.spread" -}}
{{- $zone := eq .root.Values.global.cluster.zones "all" | ternary "DoNotSchedule" "ScheduleAnyway" -}}
{{- range $key, $unsatisfiable := dict "topology.kubernetes.io/zone" $zone "kubernetes.io/hostname" "ScheduleAnyway" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $unsatisfiable }}
  labelSelector:
    matchLabels:
      {{- include "soma.selector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}

{{- /* One without a port of its own is asked for its metrics alone. */ -}}
{{- define "soma.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "soma.name" . }}
  labels:
    {{- include "soma.labels" . | nindent 4 }}
spec:
  {{- if not .port }}
  clusterIP: None
  {{- end }}
  selector:
    {{- include "soma.selector" . | nindent 4 }}
  ports:
  {{- with .port }}
  - name: http
    port: {{ include "soma.value" (dict "root" $.root "name" .) }}
    targetPort: http
    appProtocol: http
  {{- end }}
  - name: metrics
    port: {{ include "soma.value" (dict "root" .root "name" "SOMA_METRICS_PORT") }}
    targetPort: metrics
    appProtocol: http
{{- end }}
