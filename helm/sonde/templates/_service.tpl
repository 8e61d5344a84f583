{{/*
A whole service of the mesh: its account, addresses, pods and how they may be disturbed. Takes a dict of
  root    the top context
  name    of the service, as its program and its image are called
  keeps   whether it has a database
  follows whether a new pod of it takes a database's file over from the old one
  peers   the services that it calls
  ports   container ports beside those of the mesh and the metrics, as names and numbers
  env     more settings, in YAML
  volumes and mounts, in YAML
  token   whether its pods talk to the Kubernetes API
*/}}
{{- define "sonde.service" -}}
{{- $own := index .root.Values .name -}}
{{- $root := .root -}}
{{- $isFile := include "sonde.isFile" . -}}
{{- $follows := and $isFile .follows -}}
{{- $isSet := and $isFile (not .follows) -}}
{{- $data := dict "root" .root "name" .name "persistence" ($own.persistence | default dict) -}}
{{- $claim := and $follows (include "sonde.hasVolume" $data) -}}
{{- $full := printf "%s-%s" (include "sonde.fullname" .root) .name -}}
{{- $replicas := include "sonde.replicas" . | int -}}
{{- $scaled := and (hasKey $own "autoscaling") (dig "autoscaling" "enabled" false $own) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $full }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sonde.labels" . | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $full }}-mesh
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sonde.labels" . | nindent 4 }}
    sonde.dev/metrics: "true"
spec:
  clusterIP: None
  # Peers try every address themselves, and a service that cannot write may still be read.
  publishNotReadyAddresses: true
  selector:
    {{- include "sonde.selector" . | nindent 4 }}
  ports:
    - { name: mesh, port: 8443, targetPort: mesh }
    - { name: metrics, port: 9090, targetPort: metrics }
---
apiVersion: apps/v1
kind: {{ ternary "StatefulSet" "Deployment" (not (empty $isSet)) }}
metadata:
  name: {{ $full }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sonde.labels" . | nindent 4 }}
spec:
  {{- if not $scaled }}
  replicas: {{ $replicas }}
  {{- end }}
  {{- if $isSet }}
  serviceName: {{ $full }}-mesh
  podManagementPolicy: Parallel
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Retain }
  {{- else }}
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- include "sonde.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "sonde.labels" . | nindent 8 }}
        {{- if $claim }}
        sonde.dev/claim: {{ include "sonde.claim" $data }}
        {{- end }}
      {{- with $own.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ $full }}
      automountServiceAccountToken: {{ .token | default false }}
      enableServiceLinks: false
      {{- include "sonde.pullSecrets" .root | nindent 6 }}
      {{- with include "sonde.priorityClass" (dict "root" .root "name" $own.priorityClassName "kind" "service") }}
      priorityClassName: {{ . }}
      {{- end }}
      terminationGracePeriodSeconds: {{ include "sonde.terminationSeconds" .root }}
      securityContext:
        {{- include "sonde.podSecurity" .root | nindent 8 }}
      {{- $placed := $own -}}
      {{- if $claim }}{{ $placed = include "sonde.beside" . | fromYaml }}{{ end -}}
      {{- with include "sonde.placement" $placed }}
      {{- . | nindent 6 }}
      {{- end }}
      topologySpreadConstraints:
        {{- include "sonde.spread" . | nindent 8 }}
      {{- if $isFile }}
      initContainers:
        # The database's folder must be its user's alone, which the root of a volume seldom is.
        - name: folder
          image: {{ include "sonde.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [/usr/bin/install, --directory, --mode=0700, /var/lib/sonde/data]
          securityContext:
            {{- include "sonde.containerSecurity" .root | nindent 12 }}
          resources:
            {{- toYaml $own.resources | nindent 12 }}
          volumeMounts:
            - { name: data, mountPath: /var/lib/sonde }
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ include "sonde.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          env:
            {{- include "sonde.meshEnv" . | nindent 12 }}
            {{- include "sonde.endpointsEnv" . | nindent 12 }}
            {{- if .keeps }}
            {{- include "sonde.databaseEnv" . | nindent 12 }}
            {{- end }}
            {{- with .env }}
            {{- . | nindent 12 }}
            {{- end }}
            {{- include "sonde.settingsEnv" $own.settings | nindent 12 }}
            {{- with $own.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - { name: mesh, containerPort: 8443 }
            - { name: metrics, containerPort: 9090 }
            {{- range $name, $port := .ports }}
            - { name: {{ $name }}, containerPort: {{ $port }} }
            {{- end }}
          {{- include "sonde.probes" .root | nindent 10 }}
          {{- with include "sonde.preStop" .root }}
          {{- . | nindent 10 }}
          {{- end }}
          resources:
            {{- toYaml $own.resources | nindent 12 }}
          securityContext:
            {{- include "sonde.containerSecurity" .root | nindent 12 }}
          volumeMounts:
            - { name: identity, mountPath: /etc/sonde/identity, readOnly: true }
            - { name: tmp, mountPath: /tmp }
            {{- if $isFile }}
            - { name: data, mountPath: /var/lib/sonde }
            {{- end }}
            {{- if and .keeps (include "sonde.databaseVolume" .root) }}
            - { name: database, mountPath: /etc/sonde/database, readOnly: true }
            {{- end }}
            {{- with .mounts }}
            {{- . | nindent 12 }}
            {{- end }}
            {{- with $own.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        {{- include "sonde.identityVolume" . | nindent 8 }}
        - name: tmp
          emptyDir: { sizeLimit: 256Mi }
        {{- if .keeps }}
        {{- with include "sonde.databaseVolume" .root }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- end }}
        {{- if $follows }}
        {{- include "sonde.dataVolume" $data | nindent 8 }}
        {{- end }}
        {{- with .volumes }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with $own.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  {{- if $isSet }}
  {{- include "sonde.ownVolume" $data }}
  {{- end }}
{{- if .follows }}
{{- with include "sonde.dataClaim" (set $data "isNeeded" $claim) }}
---
{{ . }}
{{- end }}
{{- end }}
{{- if $own.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $full }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sonde.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ $own.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "sonde.selector" . | nindent 6 }}
{{- end }}
{{- if $scaled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $full }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sonde.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ $full }} }
  minReplicas: {{ $own.autoscaling.minReplicas }}
  maxReplicas: {{ $own.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ $own.autoscaling.cpuPercent }} }
{{- end }}
{{- end -}}

{{/* Longer than the drain, and than what comes before it. */}}
{{- define "sonde.terminationSeconds" -}}
{{- add (int .Values.gracePeriodSeconds) (int .Values.preStopSleepSeconds) 10 -}}
{{- end -}}

{{/* Time in which those who balance hear that this pod goes, while it still answers. Kubernetes has it since 1.30. */}}
{{- define "sonde.preStop" -}}
{{- if and (gt (int .Values.preStopSleepSeconds) 0) (semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version) -}}
lifecycle:
  preStop:
    sleep: { seconds: {{ .Values.preStopSleepSeconds }} }
{{- end -}}
{{- end -}}
