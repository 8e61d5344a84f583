"""What the chart becomes: every mode, rendered by Helm's own engine, and the pods in it."""

import functools
import json
from pathlib import Path

import yaml
from helm_python import Chart

# LibYAML reads ten times as fast, where PyYAML has it.
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/sonde"
SERVICES = ["orchestrator", "store", "alerting", "gateway", "push", "probe-agent"]
KEEPS = ["orchestrator", "store", "alerting", "gateway"]

SERVER = {"mode": "postgres", "host": "db.example.org", "existingSecret": "passwords"}
ENROLMENT = {"enabled": True, "orchestratorEndpoint": "sonde.example:8443", "storeEndpoint": "sonde.example:8444"}
# Values by the name of the mode they make. Between them every template has written everything that it can.
MODES = {
    "default": {},
    "certManager": {"tls": {"mode": "certManager"}, "admin": {"existingSecret": "administrator"}},
    "issuer": {
        "tls": {"mode": "certManager", "certManager": {"issuerRef": {"name": "mesh", "kind": "ClusterIssuer"}}},
        "admin": {"existingSecret": "administrator"},
    },
    "existing": {
        "tls": {"mode": "existing", "existing": {"prefix": "mesh"}},
        "admin": {"existingSecret": "administrator"},
        "enrolment": {**ENROLMENT, "existingSecret": "outside"},
    },
    "postgres": {
        "database": {**SERVER, "rootCertificate": {"secret": "authority"}},
        "gateway": {"autoscaling": {"enabled": True}},
        "push": {"autoscaling": {"enabled": True}},
    },
    "bundled": {"database": {"mode": "bundled"}},
    "bundledSecret": {"database": {"mode": "bundled", "existingSecret": "passwords"}},
    "everything": {
        "commonLabels": {"team": "network"},
        "image": {"pullSecrets": ["registry"]},
        "enrolment": ENROLMENT,
        "metrics": {name: {"enabled": True} for name in ("serviceMonitor", "prometheusRule", "dashboard")},
        "gateway": {
            "ingress": {"enabled": True, "host": "sonde.example.org", "className": "public", "tlsSecret": "page"},
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["sonde.example.org"]},
            "settings": {"GATEWAY_OIDC_ISSUER": "https://id.example.org", "GATEWAY_OIDC_CLIENT_ID": "sonde"},
        },
        "store": {"settings": {"STORE_OTLP_URL": "http://collector:4318", "STORE_QUEUE_BYTES": 4294967296}},
        "agent": {
            "labels": {"site": "north"},
            "secrets": {"existingSecret": "probes"},
            "deniedNetworks": ["10.96.0.0/12"],
            "allowedNetworks": ["global"],
        },
    },
    "bare": {
        "networkPolicy": {"enabled": False},
        "priorityClasses": {"create": False},
        "kubernetes": {"watch": False, "mesh": False, "discovery": False},
        "preStopSleepSeconds": 0,
        "agent": {"reflector": {"enabled": False}},
    },
    "gatewayTLS": {"gateway": {"tls": {"existingSecret": "page"}}},
    "nodePorts": {
        "enrolment": {**ENROLMENT, "service": {"type": "NodePort", "nodePorts": {"orchestrator": 30443, "store": 30444}}},
        "gateway": {"service": {"type": "NodePort", "nodePort": 30080}},
    },
    "noVolumes": {name: {"persistence": {"enabled": False}} for name in KEEPS},
}
# Options that the restricted standard does not take; each says so in values.yaml.
UNRESTRICTED = {
    "hostNetwork": {"agent": {"hostNetwork": True}},
    "rawSockets": {"agent": {"rawSockets": True}},
    "hostPath": {"agent": {"spool": {"hostPath": "/var/lib/sonde"}}},
}


@functools.cache
def chart() -> Chart:
    return Chart.load(CHART)


def files(values: dict, name: str = "sonde", namespace: str = "sonde") -> dict[str, str]:
    """Texts by their template, made anew."""
    return chart().render(values, name=name, namespace=namespace)


@functools.cache
def kept_files(values: str, name: str, namespace: str) -> dict[str, str]:
    return files(json.loads(values), name, namespace)


def documents(values: dict, name: str = "sonde", namespace: str = "sonde") -> list[dict]:
    """Everything that is made, in the order of the templates' names."""
    return parsed(json.dumps(values), name, namespace)


@functools.cache
def parsed(values: str, name: str, namespace: str) -> list[dict]:
    rendered = sorted(kept_files(values, name, namespace).items())
    texts = [text for path, text in rendered if path.endswith(".yaml")]
    return [document for text in texts for document in yaml.load_all(text, Loader) if document]


def pods(values: dict) -> list[tuple[str, dict]]:
    """Whose pod it is, and the pod with its metadata."""
    found = []
    for document in documents(values):
        name = f"{document['kind']} {document['metadata']['name']}"
        spec = document.get("spec", {})
        if document["kind"] == "Pod":
            found.append((name, document))
        elif "jobTemplate" in spec:
            found.append((name, spec["jobTemplate"]["spec"]["template"]))
        elif "template" in spec and "spec" in spec["template"]:
            found.append((name, spec["template"]))
    return found


def component(pod: dict) -> str:
    return pod["metadata"]["labels"]["app.kubernetes.io/name"]


def containers(pod: dict) -> list[dict]:
    return pod["spec"].get("initContainers", []) + pod["spec"]["containers"]


def schema() -> dict:
    return json.loads((CHART / "values.schema.json").read_text())


def leaves(values: dict, path: tuple = ()) -> list[tuple]:
    """The paths of values that are no maps of others."""
    found = []
    for key, value in values.items():
        if isinstance(value, dict) and value and not is_free(path + (key,)):
            found += leaves(value, path + (key,))
        else:
            found.append(path + (key,))
    return found


def is_free(path: tuple) -> bool:
    """Whether what is below belongs to Kubernetes and not to the chart."""
    return path[-1] == "resources" or path == ("metrics", "dashboard", "labels")


def schema_of(path: tuple) -> dict:
    node = schema()
    for key in path:
        node = node["properties"][key]
    return node


def with_value(path: tuple, value, values: dict | None = None) -> dict:
    result = json.loads(json.dumps(values or {}))
    node = result
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value
    return result
