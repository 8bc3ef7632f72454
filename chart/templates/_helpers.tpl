{{/* The name of every object, whatever the release is called: what is replaced has the same. */}}
{{- define "runtime-sensor.fullname" -}}
runtime-sensor
{{- end }}

{{- define "runtime-sensor.name" -}}
{{- .Values.nameOverride | default "runtime-sensor" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The two labels of the selector. It cannot be changed of an object that exists. */}}
{{- define "runtime-sensor.selectorLabels" -}}
app.kubernetes.io/name: {{ include "runtime-sensor.name" . }}
control-plane: runtime-sensor
{{- end }}

{{- define "runtime-sensor.labels" -}}
{{ include "runtime-sensor.selectorLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "runtime-sensor.serviceAccountName" -}}
{{- .Values.sensor.serviceAccount.name | default "runtime-sensor" }}
{{- end }}

{{- define "runtime-sensor.image" -}}
{{ .Values.sensor.image.repository }}:{{ .Values.sensor.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* "true" for the DaemonSet, "" for the Deployment. Values of an old release may lack the key. */}}
{{- define "runtime-sensor.onNodes" -}}
{{- if eq (.Values.workloadType | default "daemonset") "daemonset" }}true{{ end }}
{{- end }}

{{- define "runtime-sensor.healthPort" -}}
{{- dig "health" "port" 8181 .Values.sensor }}
{{- end }}

{{- define "runtime-sensor.aws" -}}
{{- if eq (.Values.secretProvider | default "") "aws" }}true{{ end }}
{{- end }}

{{/* Where the token is mounted: as a file it is read again after it was replaced. */}}
{{- define "runtime-sensor.tokenFolder" -}}
/etc/runtime-sensor/token
{{- end }}

{{/*
The capabilities to add, in JSON. Those of the value come on top of the six: without them nothing can
be read. Kubernetes wants them without CAP_.
*/}}
{{- define "runtime-sensor.capabilities" -}}
{{- $needed := list "BPF" "PERFMON" "SYS_RESOURCE" "DAC_READ_SEARCH" "SYS_PTRACE" "NET_ADMIN" }}
{{- if (dig "exactCapabilities" false (.Values.securityContext | default dict)) }}
{{- $needed = list }}
{{- end }}
{{- range (dig "capabilities" list (.Values.securityContext | default dict)) }}
{{- $needed = append $needed (. | upper | trimPrefix "CAP_") }}
{{- end }}
{{- $needed | uniq | toJson }}
{{- end }}

{{- define "runtime-sensor.privileged" -}}
{{- if (dig "privileged" false (.Values.securityContext | default dict)) }}true{{ end }}
{{- end }}

{{/* "true" where the cluster is OpenShift. */}}
{{- define "runtime-sensor.openshift" -}}
{{- if .Capabilities.APIVersions.Has "security.openshift.io/v1" }}true{{ end }}
{{- end }}
