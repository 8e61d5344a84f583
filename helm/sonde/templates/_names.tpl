{{/* What everything of a release is called, and what it is known by. */}}

{{- define "sonde.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 38 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | replace "." "-" | trunc 38 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change: selectors are made of them. Takes a dict of root and name. */}}
{{- define "sonde.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "sonde.labels" -}}
{{ include "sonde.selector" . }}
app.kubernetes.io/part-of: sonde
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The image of a service or of `sonde`. */}}
{{- define "sonde.image" -}}
{{- $image := .root.Values.image -}}
{{- printf "%s/%s/%s:%s" $image.registry $image.repository .name ($image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}

{{/* The key that a service's settings begin with. */}}
{{- define "sonde.prefix" -}}
{{- .name | upper | replace "-" "_" -}}
{{- end -}}

{{/* Where the mesh reaches a service: a headless service, whose addresses clients try one after the other. */}}
{{- define "sonde.endpoint" -}}
{{- printf "%s-%s-mesh:8443" (include "sonde.fullname" .root) .name -}}
{{- end -}}

{{/* The Secret with the identity of a service. */}}
{{- define "sonde.identity" -}}
{{- $tls := .root.Values.tls -}}
{{- if eq $tls.mode "existing" -}}
{{- printf "%s-%s" $tls.existing.prefix .name -}}
{{- else -}}
{{- printf "%s-tls-%s" (include "sonde.fullname" .root) .name -}}
{{- end -}}
{{- end -}}

{{- define "sonde.adminSecret" -}}
{{- .Values.admin.existingSecret | default (printf "%s-admin" (include "sonde.fullname" .)) -}}
{{- end -}}

{{- define "sonde.enrolmentSecret" -}}
{{- .Values.enrolment.existingSecret | default (printf "%s-enrolment" (include "sonde.fullname" .)) -}}
{{- end -}}

{{- define "sonde.priorityClass" -}}
{{- if .name -}}
{{- .name -}}
{{- else if .root.Values.priorityClasses.create -}}
{{- printf "%s-%s" (include "sonde.fullname" .root) .kind -}}
{{- end -}}
{{- end -}}

{{/* Whether a service keeps its data in a file of its own. */}}
{{- define "sonde.isFile" -}}
{{- if and .keeps (eq .root.Values.database.mode "sqlite") }}true{{ end -}}
{{- end -}}

{{/*
Whether a StatefulSet has a volume. Where values do not say, it stays as it is, and a claim from before is taken up; else
a new one has none where the cluster has no default class, since its pods would wait for ever. It has one where there is
no cluster to ask, and without kubernetes.watch: who installs without rights in the whole cluster may not list classes.
Takes a dict of root, name and persistence.
*/}}
{{- define "sonde.hasVolume" -}}
{{- if not (kindIs "invalid" .persistence.enabled) -}}
{{- if .persistence.enabled }}true{{ end -}}
{{- else if or .persistence.storageClassName (not .root.Values.kubernetes.watch) -}}
true
{{- else -}}
{{- $name := printf "%s-%s" (include "sonde.fullname" .root) .name -}}
{{- $there := lookup "apps/v1" "StatefulSet" .root.Release.Namespace $name -}}
{{- $claim := lookup "v1" "PersistentVolumeClaim" .root.Release.Namespace (printf "data-%s-0" $name) -}}
{{- $classes := lookup "storage.k8s.io/v1" "StorageClass" "" "" -}}
{{- if $there -}}
{{- if $there.spec.volumeClaimTemplates }}true{{ end -}}
{{- else if or $claim (not (hasKey $classes "items")) -}}
true
{{- else -}}
{{- range $classes.items -}}
{{- $annotations := .metadata.annotations | default dict -}}
{{- range list "storageclass.kubernetes.io/is-default-class" "storageclass.beta.kubernetes.io/is-default-class" -}}
{{- if eq (get $annotations .) "true" }}true{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What a StatefulSet keeps its data in, as the end of its pod and its own. Takes what sonde.hasVolume does. */}}
{{- define "sonde.dataVolume" -}}
{{- if not (include "sonde.hasVolume" .) }}
        # No volume: what is in it ends with the pod.
        - name: data
          emptyDir: { sizeLimit: {{ .persistence.size }} }
{{- else }}
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .persistence.storageClassName }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ .persistence.size }}
{{- end }}
{{- end -}}

{{- define "sonde.replicas" -}}
{{- $own := index .root.Values .name -}}
{{- if not (kindIs "invalid" $own.replicas) -}}
{{- int $own.replicas -}}
{{- else if eq .root.Values.database.mode "sqlite" -}}
1
{{- else -}}
2
{{- end -}}
{{- end -}}

{{/* A value as the text that a setting has: whole numbers stay whole however large they are. */}}
{{- define "sonde.text" -}}
{{- if kindIs "float64" . }}{{ int64 . | toString }}{{ else }}{{ toString . }}{{ end -}}
{{- end -}}
