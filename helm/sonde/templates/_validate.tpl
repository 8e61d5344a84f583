{{/* How many milliseconds a text such as 1h30m or 500ms means. */}}
{{- define "sonde.milliseconds" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 -}}
{{- $sum := 0 -}}
{{- range regexFindAll "[0-9]+(ms|s|m|h)" . -1 -}}
{{- $sum = add $sum (mul (regexFind "^[0-9]+" . | atoi) (get $units (regexFind "[a-z]+$" .))) -}}
{{- end -}}
{{- $sum -}}
{{- end -}}

{{/*
Mistakes that no schema can see, because two values contradict each other. Each ends with a sentence that says what to
write instead.
*/}}
{{- define "sonde.validate" -}}
{{- $values := .Values -}}
{{- $sqlite := eq $values.database.mode "sqlite" -}}
{{- range list "orchestrator" "store" "alerting" "gateway" -}}
{{- $own := index $values . -}}
{{- if and $sqlite (gt (int ($own.replicas | default 1)) 1) -}}
{{- fail (printf "%s.replicas is %d, but with SQLite each service has one: write 1, or set database.mode to postgres" . (int $own.replicas)) -}}
{{- end -}}
{{- end -}}
{{- if and $sqlite $values.gateway.autoscaling.enabled -}}
{{- fail "gateway.autoscaling.enabled is true, but with SQLite there is one gateway: write false, or set database.mode to postgres" -}}
{{- end -}}
{{- range list "gateway" "push" -}}
{{- $scaling := (index $values .).autoscaling -}}
{{- if lt (int $scaling.maxReplicas) (int $scaling.minReplicas) -}}
{{- fail (printf "%s.autoscaling.maxReplicas is %d: write at least minReplicas, which is %d" . (int $scaling.maxReplicas) (int $scaling.minReplicas)) -}}
{{- end -}}
{{- end -}}

{{- if and (not $sqlite) (not $values.database.existingSecret) (not (include "sonde.makesPasswords" .)) -}}
{{- fail "database.existingSecret is empty: make a Secret with the keys orchestrator, store, alerting, gateway and admin, each a password, such as by kubectl create secret generic sonde-database --from-literal=admin=..., and write its name there" -}}
{{- end -}}
{{- if and (eq $values.database.mode "postgres") (not $values.database.host) -}}
{{- fail "database.host is empty: write the name of the PostgreSQL server, such as db.example.org, or set database.mode to sqlite" -}}
{{- end -}}
{{- if and (ne $values.database.mode "postgres") $values.database.host -}}
{{- fail (printf "database.host is %s, but database.mode is %s: set database.mode to postgres, or leave the host empty" $values.database.host $values.database.mode) -}}
{{- end -}}
{{- if and (has $values.database.sslMode (list "verify-ca" "verify-full")) (eq $values.database.mode "postgres") (not $values.database.rootCertificate.secret) -}}
{{- fail (printf "database.sslMode is %s, which needs an authority: write the Secret that holds it into database.rootCertificate.secret, or set database.sslMode to require" $values.database.sslMode) -}}
{{- end -}}

{{- if and (eq $values.tls.mode "existing") (not $values.tls.existing.prefix) -}}
{{- fail "tls.existing.prefix is empty: write what the names of your Secrets begin with, such as mesh for mesh-store, or set tls.mode to self" -}}
{{- end -}}
{{- if and (ne $values.tls.mode "existing") $values.tls.existing.prefix -}}
{{- fail (printf "tls.existing.prefix is %s, but tls.mode is %s: set tls.mode to existing, or leave the prefix empty" $values.tls.existing.prefix $values.tls.mode) -}}
{{- end -}}
{{- if and (ne $values.tls.mode "certManager") $values.tls.certManager.issuerRef.name -}}
{{- fail (printf "tls.certManager.issuerRef.name is %s, but tls.mode is %s: set tls.mode to certManager, or leave the name empty" $values.tls.certManager.issuerRef.name $values.tls.mode) -}}
{{- end -}}
{{- $given := $values.tls.certManager -}}
{{- if ge (include "sonde.milliseconds" $given.renewBefore | int64) (include "sonde.milliseconds" $given.duration | int64) -}}
{{- fail (printf "tls.certManager.renewBefore is %s, but tls.certManager.duration is %s: write less than that, such as a third of it" $given.renewBefore $given.duration) -}}
{{- end -}}
{{- if and (ne $values.tls.mode "self") (not $values.admin.existingSecret) -}}
{{- fail (printf "admin.existingSecret is empty, and with tls.mode %s no job makes one: make a Secret with the keys email and password, and write its name there" $values.tls.mode) -}}
{{- end -}}

{{- if and $values.kubernetes.discovery (not $values.kubernetes.watch) -}}
{{- fail "kubernetes.discovery is true and kubernetes.watch is false: who does not watch discovers nothing, so set kubernetes.discovery to false too" -}}
{{- end -}}

{{- if $values.enrolment.enabled -}}
{{- range list "orchestratorEndpoint" "storeEndpoint" -}}
{{- if not (index $values.enrolment .) -}}
{{- fail (printf "enrolment.%s is empty: write where hosts outside reach the service, such as sonde.example.org:8443" .) -}}
{{- end -}}
{{- end -}}
{{- if and (ne $values.tls.mode "self") (not $values.enrolment.existingSecret) -}}
{{- fail (printf "enrolment.existingSecret is empty, and with tls.mode %s no job makes one: make a Secret with the keys agents.crt and agents.key, and write its name there" $values.tls.mode) -}}
{{- end -}}
{{- end -}}

{{- if and $values.gateway.service.nodePort (eq $values.gateway.service.type "ClusterIP") -}}
{{- fail (printf "gateway.service.nodePort is %d, but gateway.service.type is ClusterIP: set the type to NodePort, or leave the port out" (int $values.gateway.service.nodePort)) -}}
{{- end -}}
{{- if and $values.gateway.ingress.enabled (not $values.gateway.ingress.host) -}}
{{- fail "gateway.ingress.host is empty: write the name under which people reach the page, such as sonde.example.org" -}}
{{- end -}}
{{- if and $values.gateway.httpRoute.enabled (not $values.gateway.httpRoute.parentRefs) -}}
{{- fail "gateway.httpRoute.parentRefs is empty: write the Gateway that the route belongs to, such as [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- if and $values.gateway.tls.existingSecret $values.gateway.ingress.enabled (not $values.gateway.ingress.annotations) -}}
{{- fail "gateway.tls.existingSecret and gateway.ingress are both on: an Ingress speaks plain HTTP to what is behind it unless gateway.ingress.annotations tell it otherwise, so write those, or use gateway.ingress.tlsSecret" -}}
{{- end -}}

{{- $monitor := $values.metrics.serviceMonitor -}}
{{- if gt (include "sonde.milliseconds" $monitor.scrapeTimeout | int64) (include "sonde.milliseconds" $monitor.interval | int64) -}}
{{- fail (printf "metrics.serviceMonitor.scrapeTimeout is %s, but metrics.serviceMonitor.interval is %s, and Prometheus Operator ignores such a monitor: write at most %s" $monitor.scrapeTimeout $monitor.interval $monitor.interval) -}}
{{- end -}}

{{- if and $values.agent.spool.hostPath (not (hasPrefix "/" $values.agent.spool.hostPath)) -}}
{{- fail (printf "agent.spool.hostPath is %s: write a whole path, such as /var/lib/sonde" $values.agent.spool.hostPath) -}}
{{- end -}}

{{- $names := dict "agent" "probe-agent" -}}
{{- range list "orchestrator" "store" "alerting" "gateway" "push" "agent" -}}
{{- $component := . -}}
{{- $own := index $values . -}}
{{- $prefix := include "sonde.prefix" (dict "name" (get $names . | default .)) -}}
{{- range $own.extraEnv -}}
{{- if hasKey $own.settings .name -}}
{{- fail (printf "%s.extraEnv sets %s, and so does %s.settings: leave one of them out" $component .name $component) -}}
{{- end -}}
{{- $taken := list (printf "%s_LISTEN" $prefix) (printf "%s_ADMIN_LISTEN" $prefix) (printf "%s_IDENTITY_DIR" $prefix) (printf "%s_GRACE_PERIOD" $prefix) (printf "%s_DATABASE" $prefix) "DATABASE_URL" "ORCHESTRATOR_ENDPOINT" "STORE_ENDPOINT" "ALERTING_ENDPOINT" "GATEWAY_ENDPOINT" "PUSH_ENDPOINT" -}}
{{- if has .name $taken -}}
{{- fail (printf "%s.extraEnv sets %s, which the chart sets itself: leave it out, and use the value that stands for it" $component .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
