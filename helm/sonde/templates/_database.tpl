{{/* Where the server of the databases is, and who may come in. */}}

{{- define "sonde.databaseSecret" -}}
{{- .Values.database.existingSecret | default (printf "%s-database" (include "sonde.fullname" .)) -}}
{{- end -}}

{{/* Whether the job of the authority makes the passwords: those of a server that is our own. */}}
{{- define "sonde.makesPasswords" -}}
{{- $database := .Values.database -}}
{{- if and (eq $database.mode "bundled") (eq .Values.tls.mode "self") (not $database.existingSecret) }}true{{ end -}}
{{- end -}}

{{- define "sonde.databaseHost" -}}
{{- if eq .Values.database.mode "bundled" -}}
{{- printf "%s-postgres" (include "sonde.fullname" .) -}}
{{- else -}}
{{- .Values.database.host -}}
{{- end -}}
{{- end -}}

{{/* The password is in PGPASSWORD, which the client library reads; the address can be shown to anybody. */}}
{{- define "sonde.databaseURL" -}}
{{- $database := .root.Values.database -}}
{{- $bundled := eq $database.mode "bundled" -}}
{{- $mode := ternary "disable" $database.sslMode $bundled -}}
{{- $root := "" -}}
{{- if and (not $bundled) $database.rootCertificate.secret -}}
{{- $root = "&sslrootcert=/etc/sonde/database/root.crt" -}}
{{- end -}}
{{- printf "postgres://sonde_%s@%s:%d/%s?sslmode=%s%s" .name (include "sonde.databaseHost" .root) (int $database.port)
    $database.name $mode $root -}}
{{- end -}}

{{- define "sonde.databaseVolume" -}}
{{- $database := .Values.database -}}
{{- if and (eq $database.mode "postgres") $database.rootCertificate.secret }}
- name: database
  secret:
    secretName: {{ $database.rootCertificate.secret }}
    items:
      - { key: {{ $database.rootCertificate.key }}, path: root.crt }
{{- end }}
{{- end -}}

{{/* Roles with least rights, each with a schema of its own: run by psql, at the start of the server or by a job. */}}
{{- define "sonde.databaseScript" -}}
\set ON_ERROR_STOP on
{{- range list "orchestrator" "store" "alerting" "gateway" }}
\getenv password SONDE_{{ . | upper }}_PASSWORD
SELECT format('CREATE ROLE sonde_{{ . }}')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sonde_{{ . }}') \gexec
ALTER ROLE sonde_{{ . }} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'password';
GRANT sonde_{{ . }} TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS {{ . }} AUTHORIZATION sonde_{{ . }};
SELECT format('GRANT CONNECT ON DATABASE %I TO sonde_{{ . }}', current_database()) \gexec
{{- end }}
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
{{- end -}}

{{- define "sonde.databasePasswords" -}}
{{- $root := . -}}
{{- range list "orchestrator" "store" "alerting" "gateway" }}
- name: SONDE_{{ . | upper }}_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "sonde.databaseSecret" $root }}
      key: {{ . }}
{{- end }}
{{- end -}}
