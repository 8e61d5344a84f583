#!/usr/bin/env python3
"""Renders the chart in every mode with Helm's own engine, and looks at what comes of it; talks to no cluster.

    python3 Tests/Chart/test_chart.py
"""

import functools
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import foreign
import helm_python
import kubernetes_validate
import yaml
from environment import differences
from mistakes import MISTAKES
from monitoring import name_what_is_missing, say_where
from outcome import Failed, Outcome, expect
from outside import compose_is_sound, forge_runs_the_makefile, unit_is_sound
from policy import unexplained
from rendering import CHART, MODES, ROOT, SERVICES, UNRESTRICTED, component, containers, documents, files, pods
from standard import breaches
from usage import undocumented, unspoken, unused

VERSIONS = [f"1.{minor}" for minor in range(29, 38)]
# Template functions whose result is another one at each upgrade.
RANDOM = re.compile(
    r'\b(gen(CA|SelfSigned|Signed|PrivateKey)\w*|rand\w+|uuidv4|htpasswd|bcrypt|now)\b|\blookup "\S+" "Secret'
)
DOCKERFILES = sorted((ROOT / "Dockerfiles").iterdir())


def renders(values: dict) -> None:
    again = documents(values)
    expect(files(values) == files(values), "two renderings are not the same")
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in again]
    expect(len(names) == len(set(names)), f"made twice: {[name for name in names if names.count(name) > 1][:2]}")
    expect("sonde/templates/NOTES.txt" in files(values), "there are no notes")


@functools.cache
def seen() -> set[str]:
    """Documents that are valid, so that what modes have in common is looked at once."""
    return set()


def is_valid(values: dict) -> None:
    for document in documents(values):
        text = json.dumps(document)
        if text in seen():
            continue
        seen().add(text)
        if foreign.is_foreign(document):
            found = foreign.complaint(document)
            expect(not found, f"{document['kind']} {document['metadata']['name']}: {found}")
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                name = f"{document['kind']} {document['metadata']['name']}"
                raise Failed(f"{name}, Kubernetes {version}: {error.message}") from error


def lints() -> None:
    looks = [(MODES["everything"], version) for version in VERSIONS]
    looks += [(values, VERSIONS[-1]) for values in MODES.values()]
    for values, version in looks:
        result = helm_python.lint(CHART, values, strict=True, kube_version=f"v{version}.0")
        complaints = [one for one in result.get("messages", []) if "icon is recommended" not in json.dumps(one)]
        expect(not complaints, f"Kubernetes {version}: {complaints}")


def is_restricted(values: dict) -> None:
    found = pods(values)
    expect(len(found) >= len(SERVICES), f"only {len(found)} pods")
    for name, pod in found:
        expect(not breaches(pod), f"{name}: {', '.join(breaches(pod))}")


def says_so(values: dict) -> None:
    broken = [name for name, pod in pods(values) if breaches(pod)]
    expect(broken == ["DaemonSet sonde-probe-agent"], f"breaks the standard in {broken}")
    notes = files(values)["sonde/templates/NOTES.txt"]
    expect("privileged" in notes or "NET_RAW" in notes, "the notes do not warn")


def has_no_token() -> None:
    for mode, values in MODES.items():
        for name, pod in pods(values):
            needs = component(pod) == "authority" or (component(pod) == "orchestrator" and mode != "bare")
            expect(pod["spec"]["automountServiceAccountToken"] is needs, f"{mode}: {name} has a token: {not needs}")


def has_least_rights() -> None:
    granted = {}
    for document in documents(MODES["everything"]):
        if document["kind"] in ("Role", "ClusterRole"):
            for rule in document["rules"]:
                expect("*" not in json.dumps(rule), f"{document['metadata']['name']} may do everything")
                granted.setdefault(document["kind"], set()).update(
                    (resource, verb) for resource in rule["resources"] for verb in rule["verbs"]
                )
    reads = {"get", "list", "watch"}
    expect(
        granted["ClusterRole"] == {(one, verb) for one in ("nodes", "services", "ingresses") for verb in reads},
        f"ClusterRole: {granted['ClusterRole']}",
    )
    expect(granted["Role"] == {("secrets", verb) for verb in ("get", "create", "patch")}, f"Role: {granted['Role']}")


def edges_are_open(values: dict) -> None:
    """For each endpoint that a pod is told of, the caller may go out to it and the callee lets it in."""
    policies = {}
    for document in documents(values):
        if document["kind"] == "NetworkPolicy":
            labels = document["spec"]["podSelector"]["matchLabels"]
            policies[labels["app.kubernetes.io/name"]] = document["spec"]
            expect(document["spec"]["policyTypes"] == ["Ingress", "Egress"], "a policy for one way only")
    for name, pod in pods(values):
        expect(component(pod) in policies, f"{name} has no NetworkPolicy")
    told, allowed = set(), set()
    for _, pod in pods(values):
        for entry in pod["spec"]["containers"][0].get("env", []):
            if entry["name"].endswith("_ENDPOINT") and "-mesh:" in entry.get("value", ""):
                told.add((component(pod), entry["name"].removesuffix("_ENDPOINT").lower()))
    for caller, spec in policies.items():
        for rule in spec["egress"]:
            for peer in rule.get("to", []):
                callee = peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name")
                if {"port": 8443, "protocol": "TCP"} in rule.get("ports", []) and callee:
                    allowed.add((caller, callee))
    expect(told == allowed, f"told of and not allowed {told - allowed}, allowed and not told of {allowed - told}")
    let_in = {
        (peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"], callee)
        for callee, spec in policies.items()
        for rule in spec["ingress"]
        if rule["ports"] == [{"port": 8443, "protocol": "TCP"}]
        for peer in rule.get("from", [])
    }
    expect(told == let_in, f"not let in {told - let_in}, let in for nothing {let_in - told}")


def metadata_is_out_of_reach() -> None:
    for values in MODES.values():
        for document in documents(values):
            if document["kind"] != "NetworkPolicy":
                continue
            for rule in document["spec"].get("egress", []):
                for peer in rule.get("to", []):
                    block = peer.get("ipBlock", {})
                    if block.get("cidr") == "0.0.0.0/0":
                        expect("169.254.0.0/16" in block["except"], f"{document['metadata']['name']} has no exception")


def stops_in_time() -> None:
    for _, pod in pods({"gracePeriodSeconds": 100}):
        if component(pod) in SERVICES:
            spec = pod["spec"]
            pause = spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            expect(spec["terminationGracePeriodSeconds"] > 100 + pause, f"{component(pod)} is killed while it drains")


def two_releases_get_along() -> None:
    def names(release: str, namespace: str) -> set:
        made = documents({}, release, namespace)
        return {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in made}

    expect(not names("a", "one") & names("b", "one"), "two releases in one namespace share something")
    shared = names("sonde", "one") & names("sonde", "two")
    expect(not shared, f"releases in two namespaces share {shared}")


def gateway_follows() -> None:
    """In SQLite's mode a new gateway takes the file over, beside the old one; else nothing binds it to a node."""

    def gateway(values: dict) -> tuple[dict, list[str]]:
        found = [one for one in documents(values) if one["metadata"]["name"].endswith("sonde-gateway")]
        claims = [one["metadata"]["name"] for one in documents(values) if one["kind"] == "PersistentVolumeClaim"]
        return next(one for one in found if one["kind"] == "Deployment")["spec"]["template"], claims

    other = {"topologyKey": "rack", "labelSelector": {"matchLabels": {"near": "people"}}}
    own = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [other]}}
    longest = {"gateway": {"affinity": own}, "gracePeriodSeconds": 600, "preStopSleepSeconds": 60}
    pod, claims = gateway(longest)
    expect(claims == ["data-sonde-gateway-0"], f"claims {claims}")
    volumes = [one["persistentVolumeClaim"]["claimName"] for one in pod["spec"]["volumes"] if "persistentVolumeClaim" in one]
    expect(volumes == claims, f"mounts {volumes}")
    terms = pod["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    expect(terms[0] == other and len(terms) == 2, f"affinity {terms}")
    wanted = terms[1]["labelSelector"]["matchLabels"]
    expect(wanted.items() <= pod["metadata"]["labels"].items(), "its pod does not match its own rule")
    variables = {one["name"]: one.get("value") for one in pod["spec"]["containers"][0]["env"]}
    patience = int(variables["GATEWAY_TAKEOVER_TIMEOUT"].removesuffix("s"))
    end = pod["spec"]["terminationGracePeriodSeconds"]
    # As long as GatewaySettings lets it be.
    expect(end < patience <= 900, f"waits for {patience} s for what takes up to {end} s")
    for mode in ("noVolumes", "postgres"):
        pod, claims = gateway(MODES[mode])
        expect(not claims and "affinity" not in pod["spec"], f"{mode}: {claims}, {pod['spec'].get('affinity')}")


def authority_keeps_its_key() -> None:
    """Else a renewed one would vouch for new certificates alone, and services of before and after refuse each other."""
    authorities = [one for one in documents(MODES["certManager"]) if one.get("spec", {}).get("isCA")]
    expect(len(authorities) == 1, f"{len(authorities)} authorities")
    policy = authorities[0]["spec"]["privateKey"].get("rotationPolicy")
    expect(policy == "Never", f"its key's rotationPolicy is {policy}, and cert-manager's default is Always since 1.18")


def makes_no_secrets() -> None:
    for template in sorted((CHART / "templates").rglob("*")):
        if template.is_file() and template.suffix != ".txt":
            actions = re.findall(r"\{\{.*?\}\}", template.read_text(), re.DOTALL)
            found = [RANDOM.search(action) for action in actions if not action.startswith(("{{/*", "{{- /*"))]
            expect(not any(found), f"{template.name} uses {next((one[0] for one in found if one), '')}")
    for values in MODES.values():
        expect(not [one for one in documents(values) if one["kind"] == "Secret"], "a Secret is made by a template")


def complains(values: dict, words: list[str]) -> None:
    try:
        files(values)
    except helm_python.HelmError as error:
        missing = [word for word in words if word not in str(error)]
        expect(not missing, f"does not say {missing}, but: {str(error)[-300:]}")
    else:
        raise Failed("is rendered")


def metrics_exist() -> None:
    sources = [*ROOT.glob("Services/**/*.swift"), *ROOT.glob("Shared/**/*.swift")]
    known = set(re.findall(r'"(sonde_[a-z_]+)"', "\n".join(source.read_text() for source in sources)))
    # MeshProcess puts these together from a prefix.
    known |= {"sonde_loop_busy_seconds_total", "sonde_loop_turn_seconds"}
    for name in ("alerts.yaml", "dashboard.json"):
        used = set(re.findall(r"\bsonde_[a-z_]+", (CHART / "files" / name).read_text()))
        expect(len(used) > 5, f"{name} uses few metrics")
        unknown = {one for one in used if one not in known and re.sub("_(bucket|sum|count)$", "", one) not in known}
        expect(not unknown, f"{name} uses metrics that nothing has: {unknown}")


def rules() -> dict:
    return next(one["spec"] for one in documents(MODES["everything"]) if one["kind"] == "PrometheusRule")


def alerts() -> list[dict]:
    return [rule for group in rules()["groups"] for rule in group["rules"]]


def alerts_are_rules() -> None:
    spec = rules()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(spec, file)
        file.flush()
        tool("promtool", "check", "rules", file.name)


def alerts_have_runbooks() -> None:
    text = (ROOT / "docs/kubernetes.md").read_text()
    for alert in alerts():
        expect(f"### {alert['alert']}\n" in text, f"docs/kubernetes.md has no runbook for {alert['alert']}")
        anchor = alert["annotations"]["runbook_url"].split("#")[1]
        expect(anchor == alert["alert"].lower(), f"{alert['alert']} has the runbook {anchor}")
    runbooks = set(re.findall(r"^### (Sonde\w+)$", text, re.MULTILINE))
    gone = runbooks - {alert["alert"] for alert in alerts()}
    expect(not gone, f"runbooks of no alert: {gone}")


def tool(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    expect(result.returncode == 0, f"{command[0]}: {(result.stdout + result.stderr).strip()[:1500]}")
    return result.stdout


def own_tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_script_is_sound() -> None:
    tool("shellcheck", "--shell=dash", "helm/sonde/files/test.sh")


def yaml_is_tidy() -> None:
    chart = [f"helm/sonde/{name}" for name in ("Chart.yaml", "values.yaml", "files/alerts.yaml")]
    written = [*chart, "k8s", "docs/compose.yaml", ".github"]
    tool(own_tool("yamllint"), "--strict", "--config-file", "Tests/Chart/yamllint.yaml", *written)


def dockerfiles_are_sound() -> None:
    tool(own_tool("hadolint"), "--failure-threshold", "style", *map(str, DOCKERFILES))
    for file in DOCKERFILES:
        if file.name != "builder":
            expect(re.search(r"^USER [1-9][0-9]*:[1-9][0-9]*$", file.read_text(), re.MULTILINE), f"{file.name}: USER")


def images_are_the_charts() -> None:
    used = {container["image"] for _, pod in pods({}) for container in containers(pod)}
    made = {f"localhost/sonde/{file.name}:0.1.0" for file in DOCKERFILES if file.name != "builder"}
    expect(used == made, f"the chart runs {used - made}, and not {made - used}")
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    release = (ROOT / "Shared/Contracts/Release.swift").read_text()
    expect(f'"{version}"' in release, f"the chart is of version {version}, the code is not")


def manifests_are_the_charts() -> None:
    with tempfile.TemporaryDirectory() as folder:
        tool(sys.executable, "scripts/manifests.py", folder)
        for file in sorted(Path(folder).iterdir()):
            kept = ROOT / "k8s" / file.name
            same = kept.exists() and kept.read_text() == file.read_text()
            expect(same, f"k8s/{file.name} is not what the chart makes; run make manifests")
        extra = {file.name for file in (ROOT / "k8s").iterdir()} - {file.name for file in Path(folder).iterdir()}
        expect(not extra, f"k8s has files that the chart does not make: {extra}")


def packages() -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = helm_python.package(CHART, destination=folder)
        expect(Path(archive).stat().st_size < 200_000, "the package is large; is something in it that is no chart?")
        with helm_python.Chart.load(archive) as packed:
            expect(packed.render({}, name="sonde", namespace="sonde") == files({}), "the package renders otherwise")


def holds(complaint: Callable[[], str]) -> None:
    said = complaint()
    expect(not said, said)


def main() -> int:
    outcome = Outcome()
    for mode, values in MODES.items():
        outcome.check(f"{mode}: renders the same twice, and nothing twice", lambda values=values: renders(values))
        outcome.check(f"{mode}: is valid for Kubernetes 1.29 to 1.37", lambda values=values: is_valid(values))
        outcome.check(f"{mode}: every pod is restricted", lambda values=values: is_restricted(values))
        if mode != "bare":
            outcome.check(f"{mode}: lets through what is called", lambda values=values: edges_are_open(values))
    for option, values in UNRESTRICTED.items():
        outcome.check(f"{option}: is valid, and warns of the standard", lambda values=values: says_so(values))
    outcome.check("sees what cert-manager and Prometheus Operator would refuse", lambda: holds(foreign.notices))
    outcome.check("lints strictly for every Kubernetes", lints)
    outcome.check("gives tokens to those alone who talk to the API", has_no_token)
    outcome.check("grants the least", has_least_rights)
    outcome.check("keeps cloud metadata out of reach", metadata_is_out_of_reach)
    outcome.check("gives pods longer than they drain", stops_in_time)
    outcome.check("has two releases beside each other", two_releases_get_along)
    outcome.check("has a new gateway follow the old one on its file", gateway_follows)
    outcome.check("has cert-manager keep the key of the authority", authority_keeps_its_key)
    outcome.check("makes no secret in a template", makes_no_secrets)
    outcome.check("documents every value, in the file and the schema", lambda: holds(undocumented))
    outcome.check("says an example wherever it refuses a form", lambda: expect(not unspoken(), "; ".join(unspoken())))
    outcome.check("uses every value", lambda: holds(unused))
    for service in SERVICES:
        found = differences(service)
        outcome.check(f"knows every setting of {service}", lambda found=found: expect(not found, "; ".join(found)))
    for values, words in MISTAKES:
        outcome.check(f"refuses {json.dumps(values)}", lambda values=values, words=words: complains(values, words))
    outcome.check("uses metrics that there are", metrics_exist)
    outcome.check("has alerts that Prometheus takes", alerts_are_rules)
    outcome.check("says which service is missing", lambda: name_what_is_missing(rules(), tool))
    outcome.check("says in each alert where that is", lambda: say_where(rules()))
    outcome.check("has a runbook for every alert", alerts_have_runbooks)
    outcome.check("has a sound test script", test_script_is_sound)
    outcome.check("has tidy YAML", yaml_is_tidy)
    outcome.check("has sound Dockerfiles", dockerfiles_are_sound)
    outcome.check("runs the images that are made", images_are_the_charts)
    outcome.check("has no finding of policy unexplained", lambda: holds(unexplained))
    outcome.check("is what k8s/ has", manifests_are_the_charts)
    outcome.check("can be packed", packages)
    outcome.check("compose.yaml runs what there is", compose_is_sound)
    outcome.check("the package's unit is sound", unit_is_sound)
    outcome.check("the forge runs targets that there are", forge_runs_the_makefile)
    return outcome.end()


if __name__ == "__main__":
    sys.exit(main())
