{{/* What only a sensor on a node has in its pod: the host's processes, and a place on every node. */}}
{{- define "runtime-sensor.nodePod" -}}
{{- if include "runtime-sensor.onNodes" . -}}
hostPID: true
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        # Not real nodes: a pod would wait there for ever.
        - matchExpressions:
            - key: eks.amazonaws.com/compute-type
              operator: NotIn
              values: [fargate]
            - key: type
              operator: NotIn
              values: [virtual-kubelet]
tolerations:
  - operator: Exists
{{- else -}}
securityContext:
  runAsNonRoot: true
  {{- if not (include "runtime-sensor.openshift" .) }}
  # OpenShift chooses an id of its own.
  runAsUser: 65532
  runAsGroup: 65532
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end }}
{{- end }}

{{/*
AppArmor's default profile denies the ptrace access that reading the memory of other containers needs,
whatever the capabilities. Kubernetes 1.30 has a field for it, older versions an annotation.
*/}}
{{- define "runtime-sensor.appArmorField" -}}
{{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}true{{ end }}
{{- end }}

{{- define "runtime-sensor.appArmorAnnotation" -}}
{{- if and (include "runtime-sensor.onNodes" .) (not (include "runtime-sensor.appArmorField" .)) -}}
container.apparmor.security.beta.kubernetes.io/runtime-sensor: unconfined
{{- end }}
{{- end }}

{{- define "runtime-sensor.securityContext" -}}
readOnlyRootFilesystem: true
{{- if not (include "runtime-sensor.onNodes" .) }}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
{{- else }}
runAsUser: 0
{{- if include "runtime-sensor.appArmorField" . }}
appArmorProfile:
  type: Unconfined
{{- end }}
{{- if include "runtime-sensor.privileged" . }}
privileged: true
{{- else }}
{{- $capabilities := include "runtime-sensor.capabilities" . | fromJsonArray }}
{{- /* Kubernetes: always true with SYS_ADMIN. */}}
allowPrivilegeEscalation: {{ has "SYS_ADMIN" $capabilities }}
capabilities:
  drop: [ALL]
  {{- with $capabilities }}
  add:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
