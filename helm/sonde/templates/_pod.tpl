{{/* Pieces of pods. All of them pass the restricted Pod Security Standard. */}}

{{- define "sonde.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "sonde.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "sonde.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What every service of the mesh is told: a dict of root, name and settings, its map of settings. */}}
{{- define "sonde.meshEnv" -}}
{{- $prefix := include "sonde.prefix" . -}}
- name: {{ $prefix }}_LISTEN
  value: {{ printf "%s:8443" .root.Values.listenAddress | quote }}
- name: {{ $prefix }}_ADMIN_LISTEN
  value: {{ printf "%s:9090" .root.Values.listenAddress | quote }}
- name: {{ $prefix }}_IDENTITY_DIR
  value: /etc/sonde/identity
- name: {{ $prefix }}_GRACE_PERIOD
  value: {{ printf "%ds" (int .root.Values.gracePeriodSeconds) }}
{{- end -}}

{{- define "sonde.settingsEnv" -}}
{{- range $key, $value := . }}
- name: {{ $key }}
  value: {{ include "sonde.text" $value | quote }}
{{- end }}
{{- end -}}

{{/* The endpoints of those that a service calls: a dict of root and peers. */}}
{{- define "sonde.endpointsEnv" -}}
{{- $root := .root -}}
{{- range .peers }}
- name: {{ include "sonde.prefix" (dict "name" .) }}_ENDPOINT
  value: {{ include "sonde.endpoint" (dict "root" $root "name" .) }}
{{- end }}
{{- end -}}

{{/* The database of a service: a file on its volume, or a role of its own on a server. */}}
{{- define "sonde.databaseEnv" -}}
{{- $database := .root.Values.database -}}
{{- $prefix := include "sonde.prefix" . -}}
{{- if eq $database.mode "sqlite" -}}
- name: {{ $prefix }}_DATABASE
  value: /var/lib/sonde/data/{{ .name }}.db
{{- else -}}
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "sonde.databaseSecret" .root }}
      key: {{ .name }}
- name: {{ $prefix }}_DATABASE
  value: {{ include "sonde.databaseURL" . | quote }}
{{- end }}
{{- end -}}

{{/* The files of a service's identity, in one folder that the kubelet exchanges as a whole. */}}
{{- define "sonde.identityVolume" -}}
- name: identity
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ include "sonde.identity" . }}
          items:
            - { key: tls.crt, path: tls.crt }
            - { key: tls.key, path: tls.key }
            - { key: ca.crt, path: ca.crt }
      {{- if and .root.Values.enrolment.enabled (has .name (list "orchestrator" "store")) }}
      - secret:
          name: {{ include "sonde.enrolmentSecret" .root }}
          items:
            - { key: agents.crt, path: agents.crt }
      {{- end }}
{{- end -}}

{{/*
Startup waits for the database to be opened and brought up to date; who is away is a matter of readiness. Liveness asks
the loop that does the work.
*/}}
{{- define "sonde.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: {{ div (int .Values.startupSeconds) 2 }}
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 5
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}

{{/* Replicas go to different zones and nodes where that is possible. */}}
{{- define "sonde.spread" -}}
{{- $selector := include "sonde.selector" . -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- $selector | nindent 6 }}
{{- end }}
{{- end -}}

{{/* The values of a service with its placement, beside the other pod of its claim: a volume may be on one node at a time. */}}
{{- define "sonde.beside" -}}
{{- $own := deepCopy (index .root.Values .name) -}}
{{- $affinity := $own.affinity | default dict -}}
{{- $pods := get $affinity "podAffinity" | default dict -}}
{{- $terms := get $pods "requiredDuringSchedulingIgnoredDuringExecution" | default list -}}
{{- $claim := include "sonde.claim" . -}}
{{- $labels := set (include "sonde.selector" . | fromYaml) "sonde.dev/claim" $claim -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" $labels) -}}
{{- $_ := set $pods "requiredDuringSchedulingIgnoredDuringExecution" (append $terms $term) -}}
{{- $_ := set $affinity "podAffinity" $pods -}}
{{- set $own "affinity" $affinity | toYaml -}}
{{- end -}}

{{/* Where a pod may run: a map of values with nodeSelector, tolerations and affinity. */}}
{{- define "sonde.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
