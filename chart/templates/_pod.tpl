{{/*
The pod of both workloads. What only a sensor on a node has stands in _node.tpl; settings that are not
here come from the ConfigMap env-config-map, if there is one.
*/}}
{{- define "runtime-sensor.pod" -}}
metadata:
  annotations:
    snyk/runtime-sensor: "true"
    {{- include "runtime-sensor.appArmorAnnotation" . | nindent 4 }}
    {{- with .Values.sensor.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- $own := include "runtime-sensor.labels" . | fromYaml }}
    {{- merge $own (.Values.sensor.podLabels | default dict) | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "runtime-sensor.serviceAccountName" . }}
  {{- with .Values.imagePullSecret }}
  imagePullSecrets:
    - name: {{ . }}
  {{- end }}
  # Else a Service named runtime-sensor would put variables beside our settings.
  enableServiceLinks: false
  nodeSelector:
    kubernetes.io/os: linux
  {{- include "runtime-sensor.nodePod" . | nindent 2 }}
  containers:
    - name: runtime-sensor
      image: {{ include "runtime-sensor.image" . | quote }}
      imagePullPolicy: {{ .Values.sensor.image.pullPolicy | default "IfNotPresent" }}
      command: [runtime-sensor]
      args:
        - run
        - --sink
        - snyk
        {{- range .Values.sensor.extraArgs }}
        - {{ . | quote }}
        {{- end }}
      env:
        {{- include "runtime-sensor.env" . | nindent 8 }}
      envFrom:
        - configMapRef:
            name: env-config-map
            optional: true
      ports:
        - name: health
          containerPort: {{ include "runtime-sensor.healthPort" . }}
      # At 100m a start takes seconds, and so does an answer on a busy node.
      livenessProbe:
        httpGet:
          path: /healthz
          port: health
        initialDelaySeconds: 15
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet:
          path: /readyz
          port: health
        periodSeconds: 5
        timeoutSeconds: 5
      resources:
        {{- toYaml .Values.sensor.resources | nindent 8 }}
      securityContext:
        {{- include "runtime-sensor.securityContext" . | nindent 8 }}
      volumeMounts:
        - name: token
          mountPath: {{ include "runtime-sensor.tokenFolder" . }}
          readOnly: true
        {{- if dig "extraCA" "configMap" "" .Values.sensor }}
        - name: extra-ca
          mountPath: /etc/runtime-sensor/ca
          readOnly: true
        {{- end }}
        {{- if include "runtime-sensor.onNodes" . }}
        - name: cgroup
          mountPath: /sys/fs/cgroup
          readOnly: true
        {{- end }}
  volumes:
    - name: token
      {{- include "runtime-sensor.tokenVolume" . | nindent 6 }}
    {{- with dig "extraCA" "configMap" "" .Values.sensor }}
    - name: extra-ca
      configMap:
        name: {{ . }}
    {{- end }}
    {{- if include "runtime-sensor.onNodes" . }}
    - name: cgroup
      hostPath:
        path: /sys/fs/cgroup
        type: Directory
    {{- end }}
{{- end }}

{{/* Of AWS the file is there before the container starts; the Secret is synced a little later. */}}
{{- define "runtime-sensor.tokenVolume" -}}
{{- if include "runtime-sensor.aws" . -}}
csi:
  driver: secrets-store.csi.k8s.io
  readOnly: true
  volumeAttributes:
    secretProviderClass: {{ include "runtime-sensor.fullname" . }}
{{- else -}}
secret:
  secretName: {{ .Values.secretName }}
  optional: true
  defaultMode: 0444
  items:
    - key: snykToken
      path: snykToken
{{- end }}
{{- end }}
