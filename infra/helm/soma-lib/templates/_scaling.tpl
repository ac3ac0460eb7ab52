{{- define "soma.disruption" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "soma.name" . }}
  labels:
    {{- include "soma.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "soma.selector" . | nindent 6 }}
{{- end }}

{{- /* More at once when it is asked for much, fewer slowly: what was started for a peak serves the next one. */ -}}
{{- define "soma.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "soma.name" . }}
  labels:
    {{- include "soma.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "soma.name" . }}
  minReplicas: {{ include "soma.replicas" . }}
  maxReplicas: {{ .root.Values.global.cluster.maxReplicas }}
  metrics:
  - type: ContainerResource
    containerResource:
      name: cpu
      container: {{ .part }}
      target:
        type: Utilization
        averageUtilization: 70
  {{- $known := .root.Capabilities.APIVersions }}
  {{- if or ($known.Has "custom.metrics.k8s.io/v1beta1") ($known.Has "custom.metrics.k8s.io/v1beta2") }}
  {{- with .scaling }}
  - type: Pods
    pods:
      metric:
        name: {{ .metric }}
      target:
        type: AverageValue
        averageValue: {{ .average | quote }}
  {{- end }}
  {{- end }}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 0
      policies:
      - type: Percent
        value: 100
        periodSeconds: 15
    scaleDown:
      stabilizationWindowSeconds: 300
      policies:
      - type: Percent
        value: 10
        periodSeconds: 60
      - type: Pods
        value: 1
        periodSeconds: 60
{{- end }}
