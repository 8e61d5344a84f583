"""Every setting that the code reads, and every one that the chart can set.

A key of the code is one that stands in a service's sources as a text, or is put together there from the service's
prefix. The chart sets a key by a template, by `settings`, which the schema lists, or in an image; what is left are
secrets, which are for `extraEnv` because a value in values.yaml would be in the release.
"""

import re

from rendering import MODES, ROOT, component, pods, schema_of

FOLDERS = {
    "orchestrator": "Orchestrator",
    "store": "Store",
    "alerting": "Alerting",
    "gateway": "Gateway",
    "push": "Push",
    "probe-agent": "ProbeAgent",
}
# Read by what is run by hand on a host outside, and never by a pod.
ENROLMENT = {"EnrolCommand.swift", "EnrolOptions.swift"}
# For `extraEnv`, with a secretKeyRef.
SECRETS = {
    "gateway": {"GATEWAY_OIDC_CLIENT_SECRET"},
    "store": {
        "STORE_REMOTE_WRITE_TOKEN",
        "STORE_REMOTE_WRITE_PASSWORD",
        "STORE_OTLP_TOKEN",
        "STORE_OTLP_PASSWORD",
    },
}
# What would be said twice: DATABASE_URL of all services, where the chart names the database of each; and a file that is
# written where the password is not given, which it always is. Every service knows GATEWAY_ENDPOINT, and these two call
# no gateway.
UNUSED = {"DATABASE_URL", "GATEWAY_ADMIN_PASSWORD_FILE"}
WITHOUT_GATEWAY = {"gateway", "probe-agent"}
# Of libpq and of templates that put values together; no settings of Sonde.
FOREIGN = {"PGPASSWORD", "SONDE_ZONE", "SONDE_REGION"}
KEY = re.compile(r'"((?:ORCHESTRATOR|STORE|ALERTING|GATEWAY|PUSH|PROBE_AGENT)_[A-Z][A-Z_]*|DATABASE_URL)"')
SUFFIX = re.compile(r'(secretOrFile)?\(\s*"\\\(prefix\)(_[A-Z_]+)"')


def prefix(service: str) -> str:
    return service.upper().replace("-", "_")


def suffixes(path: str) -> set[str]:
    """The ends of keys that a file puts together from a prefix."""
    found = set()
    for is_secret, end in SUFFIX.findall((ROOT / path).read_text()):
        found |= {end, f"{end}_FILE"} if is_secret else {end}
    return found


def keys_of_code(service: str) -> set[str]:
    sources = sorted((ROOT / "Services" / FOLDERS[service]).rglob("*.swift"))
    text = "\n".join(source.read_text() for source in sources if source.name not in ENROLMENT)
    found = set(KEY.findall(text)) - {prefix(service)}
    found |= {prefix(service) + end for end in suffixes("Shared/JSONRPCTransport/MeshSettings.swift")}
    if "GATEWAY_ENDPOINT" in (ROOT / "Shared/JSONRPCTransport/MeshSettings.swift").read_text():
        found.add("GATEWAY_ENDPOINT")
    if ".database(" in text:
        found.add("DATABASE_URL")
    for group in re.findall(r'destination\("([A-Z_]+)"', text):
        found.discard(group)
        found |= {group + end for end in suffixes("Services/Store/Telemetry/TelemetrySettings.swift")}
    return found


def keys_of_images(service: str) -> set[str]:
    text = (ROOT / "Dockerfiles" / service).read_text()
    return set(re.findall(r"([A-Z_]+)=", " ".join(re.findall(r"^ENV (.*)$", text, re.MULTILINE))))


def keys_of_templates(service: str) -> set[str]:
    found = set()
    for values in MODES.values():
        for _, pod in pods(values):
            if component(pod) == service:
                found |= {entry["name"] for entry in pod["spec"]["containers"][0].get("env", [])}
    return found


def keys_of_settings(service: str) -> set[str]:
    return set(schema_of(("agent" if service == "probe-agent" else service, "settings"))["properties"])


def differences(service: str) -> list[str]:
    code = keys_of_code(service)
    templates = keys_of_templates(service) - FOREIGN
    chart = templates | keys_of_settings(service) | keys_of_images(service) | SECRETS.get(service, set())
    found = [f"{key} is in the chart, but nothing reads it" for key in sorted(chart - code)]
    unused = UNUSED | ({"GATEWAY_ENDPOINT"} if service in WITHOUT_GATEWAY else set())
    found += [f"{key} is read, but cannot be set" for key in sorted(code - chart - unused)]
    # MODES sets some on purpose.
    twice = keys_of_settings(service) & {key for key in templates if key not in examples(service)}
    return found + [f"{key} is set by a template and in settings" for key in sorted(twice)]


def examples(service: str) -> set[str]:
    name = "agent" if service == "probe-agent" else service
    return {key for values in MODES.values() for key in values.get(name, {}).get("settings", {})}
