"""Wrong values, and what is to be said of each."""

SERVER = {"mode": "postgres", "host": "db.example.org", "existingSecret": "passwords"}
NO_AUTHORITY = {**SERVER, "sslMode": "require"}

# Values, and words that the message must have: where the mistake is, and what to write instead.
MISTAKES = [
    ({"store": {"replicas": 2}}, ["store.replicas is 2", "write 1, or set database.mode to postgres"]),
    ({"gateway": {"autoscaling": {"enabled": True}}}, ["gateway.autoscaling.enabled", "write false, or set"]),
    ({"push": {"autoscaling": {"maxReplicas": 1}}}, ["push.autoscaling.maxReplicas is 1", "at least minReplicas"]),
    ({"database": {"mode": "mysql"}}, ["/database/mode", "'sqlite', 'postgres', 'bundled'"]),
    ({"database": {"mode": "postgres", "existingSecret": "x"}}, ["database.host is empty", "such as db.example.org"]),
    (
        {"database": {"mode": "bundled"}, "tls": {"mode": "certManager"}, "admin": {"existingSecret": "a"}},
        ["database.existingSecret is empty", "kubectl create secret generic"],
    ),
    ({"database": {"mode": "postgres", "host": "db"}}, ["database.existingSecret is empty", "kubectl create secret"]),
    ({"database": {"host": "db"}}, ["database.host is db", "set database.mode to postgres, or leave"]),
    ({"database": {**SERVER}}, ["verify-full", "database.rootCertificate.secret, or set database.sslMode to require"]),
    ({"database": {**NO_AUTHORITY, "port": 0}}, ["/database/port", "minimum"]),
    ({"database": {**NO_AUTHORITY, "host": "postgres://db"}}, ["/database/host", "such as db.example.org"]),
    ({"tls": {"mode": "certmanager"}}, ["/tls/mode", "'self', 'certManager', 'existing'"]),
    ({"tls": {"mode": "existing"}}, ["tls.existing.prefix is empty", "such as mesh for mesh-store"]),
    ({"tls": {"existing": {"prefix": "mesh"}}}, ["tls.existing.prefix is mesh", "set tls.mode to existing"]),
    ({"tls": {"certManager": {"issuerRef": {"name": "x"}}}}, ["issuerRef.name is x", "set tls.mode to certManager"]),
    ({"tls": {"certManager": {"renewBefore": "24h0m"}}}, ["renewBefore is 24h0m", "duration is 24h: write less"]),
    ({"tls": {"mode": "certManager"}}, ["admin.existingSecret is empty", "keys email and password"]),
    ({"tls": {"trustDomain": "Not A Domain"}}, ["/tls/trustDomain", "such as sonde.example.org"]),
    ({"tls": {"self": {"schedule": "hourly"}}}, ["/tls/self/schedule", "such as 17 * * * *"]),
    ({"admin": {"email": "root"}}, ["/admin/email", "such as ops@example.org"]),
    ({"kubernetes": {"watch": False}}, ["kubernetes.discovery is true", "set kubernetes.discovery to false too"]),
    ({"enrolment": {"enabled": True}}, ["enrolment.orchestratorEndpoint is empty", "such as sonde.example.org:8443"]),
    (
        {"enrolment": {"enabled": True, "orchestratorEndpoint": "a.example:1", "storeEndpoint": "https://b.example"}},
        ["/enrolment/storeEndpoint", "such as sonde.example.org:8443"],
    ),
    (
        {
            "tls": {"mode": "certManager"},
            "admin": {"existingSecret": "a"},
            "enrolment": {"enabled": True, "orchestratorEndpoint": "a.example:1", "storeEndpoint": "b.example:2"},
        },
        ["enrolment.existingSecret is empty", "keys agents.crt and agents.key"],
    ),
    ({"gateway": {"service": {"nodePort": 30080}}}, ["gateway.service.nodePort is 30080", "set the type to NodePort"]),
    ({"gateway": {"ingress": {"enabled": True}}}, ["gateway.ingress.host is empty", "such as sonde.example.org"]),
    ({"gateway": {"httpRoute": {"enabled": True}}}, ["gateway.httpRoute.parentRefs is empty", "such as [{name:"]),
    (
        {"gateway": {"tls": {"existingSecret": "x"}, "ingress": {"enabled": True, "host": "a.example"}}},
        ["gateway.ingress.annotations", "use gateway.ingress.tlsSecret"],
    ),
    (
        {"metrics": {"serviceMonitor": {"interval": "9900ms"}}},
        ["scrapeTimeout is 10s", "interval is 9900ms", "write at most 9900ms"],
    ),
    ({"agent": {"spool": {"hostPath": "data"}}}, ["agent.spool.hostPath is data", "such as /var/lib/sonde"]),
    ({"agent": {"spool": {"mebibytes": "2Gi"}}}, ["/agent/spool/mebibytes", "integer"]),
    ({"agent": {"allowedNetworks": ["internet"]}}, ["/agent/allowedNetworks/0", "'global'"]),
    ({"agent": {"labels": {"site": "a,b"}}}, ["/agent/labels/site", "without commas"]),
    ({"agent": {"extraEnv": [{"name": "PROBE_AGENT_LISTEN", "value": "x"}]}}, ["agent.extraEnv", "leave it out"]),
    ({"store": {"extraEnv": [{"name": "STORE_DATABASE", "value": "x"}]}}, ["store.extraEnv", "the chart sets itself"]),
    (
        {"store": {"settings": {"STORE_MAX_SERIES": 5}, "extraEnv": [{"name": "STORE_MAX_SERIES", "value": "6"}]}},
        ["store.extraEnv sets STORE_MAX_SERIES", "leave one of them out"],
    ),
    ({"store": {"settings": {"STORE_RETENTOIN": "30d"}}}, ["/store/settings", "STORE_RETENTOIN"]),
    ({"store": {"settings": {"STORE_RETENTION": "a month"}}}, ["/store/settings/STORE_RETENTION", "or 90d"]),
    ({"gateway": {"settings": {"GATEWAY_SIGNUP": "all"}}}, ["/settings/GATEWAY_SIGNUP", "'invitation', 'open'"]),
    ({"storage": {}}, ["additional properties", "storage"]),
    ({"image": {"pullPolicy": "Sometimes"}}, ["/image/pullPolicy", "'Always', 'IfNotPresent', 'Never'"]),
    ({"image": {"registry": "https://registry.example"}}, ["/image/registry", "such as registry.example"]),
    ({"listenAddress": "127.0.0.1"}, ["/listenAddress", "'0.0.0.0', '[::]'"]),
    ({"gracePeriodSeconds": "20s"}, ["/gracePeriodSeconds", "integer"]),
    ({"networkPolicy": {"apiServer": {"ports": []}}}, ["/networkPolicy/apiServer/ports", "minItems"]),
    ({"store": {"persistence": {"size": "50 GB"}}}, ["/store/persistence/size", "such as 50Gi"]),
    ({"store": {"resources": {"limit": {}}}}, ["/store/resources", "limit"]),
    ({"fullnameOverride": "a-name-that-is-much-too-long-for-what-is-put-behind-it"}, ["/fullnameOverride", "such as sonde"]),
]
