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

{{/* What belongs to no namespace is called after its release's, which has no dot: no two releases share a name. */}}
{{- define "sonde.clusterName" -}}
{{- printf "%s.%s-%s" .root.Release.Namespace (include "sonde.fullname" .root) .name | trimPrefix "." -}}
{{- end -}}

{{- define "sonde.priorityClass" -}}
{{- if .name -}}
{{- .name -}}
{{- else if .root.Values.priorityClasses.create -}}
{{- include "sonde.clusterName" (dict "root" .root "name" .kind) -}}
{{- end -}}
{{- end -}}

{{/* Whether a service keeps its data in a file of its own. */}}
{{- define "sonde.isFile" -}}
{{- if and .keeps (eq .root.Values.database.mode "sqlite") }}true{{ end -}}
{{- end -}}

{{/*
Whether a service has a volume. Where values do not say, it stays as it is, and a claim from before is taken up; else a new
one has none where the cluster has no default class, since its pods would wait for ever. It has one where there is no
cluster to ask, and without kubernetes.watch: who installs without rights in the whole cluster may not list classes.
Takes a dict of root, name and persistence.
*/}}
{{- define "sonde.hasVolume" -}}
{{- if not (kindIs "invalid" .persistence.enabled) -}}
{{- if .persistence.enabled }}true{{ end -}}
{{- else if or .persistence.storageClassName (not .root.Values.kubernetes.watch) -}}
true
{{- else -}}
{{- $namespace := .root.Release.Namespace -}}
{{- $name := printf "%s-%s" (include "sonde.fullname" .root) .name -}}
{{- $set := lookup "apps/v1" "StatefulSet" $namespace $name -}}
{{- $deployment := lookup "apps/v1" "Deployment" $namespace $name | default dict -}}
{{- $isTransient := false -}}
{{- range dig "spec" "template" "spec" "volumes" list $deployment -}}
{{- if eq .name "data" }}{{ $isTransient = true }}{{ end -}}
{{- end -}}
{{- $claim := lookup "v1" "PersistentVolumeClaim" $namespace (include "sonde.claim" .) -}}
{{- $classes := lookup "storage.k8s.io/v1" "StorageClass" "" "" -}}
{{- if $set -}}
{{- if $set.spec.volumeClaimTemplates }}true{{ end -}}
{{- else if or $claim (not (hasKey $classes "items")) -}}
true
{{- else if not $isTransient -}}
{{- range $classes.items -}}
{{- $annotations := .metadata.annotations | default dict -}}
{{- range list "storageclass.kubernetes.io/is-default-class" "storageclass.beta.kubernetes.io/is-default-class" -}}
{{- if eq (get $annotations .) "true" }}true{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The claim for a service's volume, by the name that its StatefulSet gives, or would. */}}
{{- define "sonde.claim" -}}
{{- printf "data-%s-%s-0" (include "sonde.fullname" .root) .name -}}
{{- end -}}

{{- define "sonde.claimSpec" -}}
accessModes: [ReadWriteOnce]
{{- with .persistence.storageClassName }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .persistence.size }}
{{- end -}}

{{/* What a pod keeps its data in. Takes what sonde.hasVolume does, as those below do. */}}
{{- define "sonde.dataVolume" -}}
{{- if include "sonde.hasVolume" . -}}
- name: data
  persistentVolumeClaim: { claimName: {{ include "sonde.claim" . }} }
{{- else -}}
# No volume: what is in it ends with the pod.
- name: data
  emptyDir: { sizeLimit: {{ .persistence.size }} }
{{- end -}}
{{- end -}}

{{/* The same for a StatefulSet, as the end of its pod and its own. */}}
{{- define "sonde.ownVolume" -}}
{{- if not (include "sonde.hasVolume" .) }}
        {{- include "sonde.dataVolume" . | nindent 8 }}
{{- else }}
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: data
      spec:
        {{- include "sonde.claimSpec" . | nindent 8 }}
{{- end }}
{{- end -}}

{{/*
The claim of a Deployment. It stays when the release goes, and is part of the release for as long as it is there, in other
modes too: Helm rolls back to nothing that it does not know. What is there keeps its size and class, which may have
grown; one that another owner has left is taken as it is. A class that the cluster has filled in is not said: an older
revision does not say it either, and Helm would take it away in rolling back, which is refused. Takes a dict of root, name,
persistence and isNeeded.
*/}}
{{- define "sonde.dataClaim" -}}
{{- $there := lookup "v1" "PersistentVolumeClaim" .root.Release.Namespace (include "sonde.claim" .) | default dict -}}
{{- $owner := dig "metadata" "annotations" "meta.helm.sh/release-name" "" $there -}}
{{- $said := list "accessModes" "resources" -}}
{{- if .persistence.storageClassName }}{{ $said = append $said "storageClassName" }}{{ end -}}
{{- range dig "metadata" "managedFields" list $there -}}
{{- if and (eq .operation "Apply") (hasKey (dig "fieldsV1" "f:spec" dict .) "f:storageClassName") -}}
{{- $said = append $said "storageClassName" -}}
{{- end -}}
{{- end -}}
{{- if or (and .isNeeded (not $there)) (eq $owner .root.Release.Name) -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "sonde.claim" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sonde.labels" . | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  {{- if $there }}
  {{- range $field, $value := $there.spec }}
  {{- if has $field $said }}
  {{- dict $field $value | toYaml | nindent 2 }}
  {{- end }}
  {{- end }}
  {{- else }}
  {{- include "sonde.claimSpec" . | nindent 2 }}
  {{- end }}
{{- end -}}
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
