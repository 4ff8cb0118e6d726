{{/* Labels of every object. Call with (dict "root" $ "component" "operator"). */}}
{{- define "stillpoint.labels" -}}
{{ include "stillpoint.selector" . }}
app.kubernetes.io/part-of: stillpoint
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* Labels that pods are found by. The operator itself finds agents by the name. */}}
{{- define "stillpoint.selector" -}}
app.kubernetes.io/name: {{ eq .component "agent" | ternary "stillpoint-agent" "stillpoint" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* User name of the operator, as the API server knows it. */}}
{{- define "stillpoint.user" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ .Values.serviceAccount.name }}
{{- end }}

{{/* Milliseconds of a duration such as 1500ms, 15s or 1m. */}}
{{- define "stillpoint.millis" -}}
{{- $number := regexFind "^[0-9]+" . | int -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- mul $number (get (dict "ms" 1 "s" 1000 "m" 60000) $unit) -}}
{{- end }}

{{/* 75 % of a memory limit in MiB, for the heap of Node. */}}
{{- define "stillpoint.heapMiB" -}}
{{- $number := regexFind "^[0-9]+" . | int -}}
{{- $unit := regexFind "[A-Za-z]+$" . -}}
{{- div (mul 75 $number (get (dict "Mi" 1 "Gi" 1024) $unit)) 100 -}}
{{- end }}

{{/* Refuses values that are well-formed one by one and wrong together. */}}
{{- define "stillpoint.check" -}}
{{- $lease := include "stillpoint.millis" .Values.leaderElection.leaseDuration | int -}}
{{- $renew := include "stillpoint.millis" .Values.leaderElection.renewDeadline | int -}}
{{- $retry := include "stillpoint.millis" .Values.leaderElection.retryPeriod | int -}}
{{- $hold := include "stillpoint.millis" .Values.maxHold | int -}}
{{- if or (lt $hold 100) (gt $hold 10000) -}}
{{- fail (printf "maxHold is %s; it must be from 100ms to 10s" .Values.maxHold) -}}
{{- end -}}
{{- if le $lease $renew -}}
{{- fail (printf "leaderElection.leaseDuration (%s) must be longer than renewDeadline (%s)" .Values.leaderElection.leaseDuration .Values.leaderElection.renewDeadline) -}}
{{- end -}}
{{- if le (mul 10 $renew) (mul 12 $retry) -}}
{{- fail (printf "leaderElection.renewDeadline (%s) must be longer than 1.2 * retryPeriod (%s)" .Values.leaderElection.renewDeadline .Values.leaderElection.retryPeriod) -}}
{{- end -}}
{{- if lt (mul 10 (sub (sub $lease $hold) 1000)) (add (mul 12 $retry) 10000) -}}
{{- fail (printf "leaseDuration - maxHold - 1s must be at least 1.2 * retryPeriod + 1s, otherwise no hold could ever begin safely; lengthen leaderElection.leaseDuration (%s) or shorten maxHold (%s) or retryPeriod (%s)" .Values.leaderElection.leaseDuration .Values.maxHold .Values.leaderElection.retryPeriod) -}}
{{- end -}}
{{- if le (mul 1000 (int .Values.operator.terminationGracePeriodSeconds)) $hold -}}
{{- fail (printf "operator.terminationGracePeriodSeconds (%v) must be longer than maxHold (%s)" .Values.operator.terminationGracePeriodSeconds .Values.maxHold) -}}
{{- end -}}
{{- if eq .Values.agent.namespace .Release.Namespace -}}
{{- fail "agent.namespace must not be the namespace of the release: agents are privileged and get a namespace of their own" -}}
{{- end -}}
{{- if and .Values.drills.enabled (not .Values.admission.enabled) -}}
{{- fail "drills.enabled needs admission.enabled: the right to make namespaces is fenced by admission policies" -}}
{{- end -}}
{{- $drill := include "stillpoint.millis" .Values.drills.longest | int -}}
{{- if or (lt $drill 60000) (gt $drill 86400000) -}}
{{- fail (printf "drills.longest is %s; it must be from 1m to 1440m" .Values.drills.longest) -}}
{{- end -}}
{{- range .Values.drills.labels -}}
{{- if or (hasPrefix "pod-security.kubernetes.io/" .) (hasPrefix "stillpoint.dev/" .) (hasPrefix "kubernetes.io/" .) -}}
{{- fail (printf "drills.labels: %s is set by Stillpoint or by the cluster" .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor (not .Values.metrics.service) -}}
{{- fail "metrics.serviceMonitor needs metrics.service" -}}
{{- end -}}
{{- end }}
