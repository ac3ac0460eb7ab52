{{- /* What a person has to look at. Each is about this release alone, by the names of its services. */ -}}
{{- define "soma.alerts" -}}
{{- $of := printf "namespace=%q, service=~%q" .Release.Namespace (printf "%s-.+" .Release.Name) -}}
{{- $gateway := printf "namespace=%q, service=%q" .Release.Namespace (printf "%s-gateway" .Release.Name) -}}
- alert: SomaEventsWait
  expr: max by (schema) (outbox_oldest_age_seconds{ {{- $of -}} }) > 60
  for: 5m
  labels: { severity: warning }
  annotations:
    summary: 'Events of {{ "{{ $labels.schema }}" }} have waited for a minute to be published'
- alert: SomaDeadLetters
  expr: max by (schema) (outbox_dead_rows{ {{- $of -}} }) > 0
  labels: { severity: warning }
  annotations:
    summary: 'Events of {{ "{{ $labels.schema }}" }} are parked until a person decides'
- alert: SomaLoopStands
  expr: max by (service, loop) (soma_loop_standing_seconds{ {{- $of -}} }) > 60
  for: 2m
  labels: { severity: critical }
  annotations:
    summary: 'The loop {{ "{{ $labels.loop }}" }} of {{ "{{ $labels.service }}" }} does nothing'
- alert: SomaGatewayFails
  expr: >-
    sum(rate(http_server_request_duration_seconds_count{ {{- $gateway }}, status=~"5.."}[5m]))
    / sum(rate(http_server_request_duration_seconds_count{ {{- $gateway -}} }[5m])) > 0.01
  for: 5m
  labels: { severity: critical }
  annotations:
    summary: More than one of a hundred requests to the gateway fails
- alert: SomaPolicyCannotDecide
  expr: sum(rate(policy_errors_total{ {{- $of -}} }[5m])) > 0
  for: 2m
  labels: { severity: critical }
  annotations:
    summary: Calls of tools are denied because the policy cannot decide
- alert: SomaLogLost
  expr: sum(rate(soma_log_lost_lines_total{ {{- $of -}} }[5m])) > 0
  labels: { severity: warning }
  annotations:
    summary: Lines of the log are lost
{{- end }}
