{{/* The settings of the sensor as variables; docs/settings.md says what each means. */}}
{{- define "runtime-sensor.env" -}}
{{- $filters := .Values.sensor.filters | default dict -}}
- name: SNYK_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secretName }}
      key: snykToken
      # The sensor itself says that there is no token, in its log and in /readyz.
      optional: true
- name: RUNTIME_SENSOR_TOKEN_FILE
  value: {{ include "runtime-sensor.tokenFolder" . }}/snykToken
- name: CLUSTER_NAME
  value: {{ required "clusterName is required: --set clusterName=NAME" .Values.clusterName | toString | quote }}
- name: SNYK_GROUP_ID
  value: {{ required "snykGroupId is required: --set snykGroupId=UUID" .Values.snykGroupId | quote }}
- name: SNYK_API_BASE_URL
  value: {{ .Values.snykAPIBaseURL | default "api.snyk.io:443" | quote }}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: RUNTIME_SENSOR_MODE
  value: {{ .Values.workloadType | default "daemonset" }}
- name: RUNTIME_SENSOR_HEALTH
  value: {{ printf ":%s" (include "runtime-sensor.healthPort" .) | quote }}
{{- with $filters.workloadTypes }}
- name: RUNTIME_SENSOR_WORKLOAD_TYPES
  value: {{ join "," . | quote }}
{{- end }}
{{- with $filters.namespaces }}
- name: RUNTIME_SENSOR_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- with $filters.podLabels }}
{{- $pairs := list }}
{{- range $key, $value := . }}
{{- $pairs = append $pairs (printf "%s=%v" $key $value) }}
{{- end }}
- name: RUNTIME_SENSOR_POD_LABELS
  value: {{ join "," $pairs | quote }}
{{- end }}
{{- if dig "extraCA" "configMap" "" .Values.sensor }}
- name: RUNTIME_SENSOR_EXTRA_CA
  value: /etc/runtime-sensor/ca/{{ dig "extraCA" "key" "ca.crt" .Values.sensor }}
{{- end }}
{{- end }}
