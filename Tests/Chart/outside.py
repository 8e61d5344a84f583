"""What is beside the chart: the compose file, the Debian package's files, and those of the forge."""

import re
import subprocess

import yaml
from environment import keys_of_code
from outcome import expect
from rendering import ROOT, SERVICES

# Of PostgreSQL's library.
FOREIGN = {"PGPASSWORD"}


def compose_is_sound() -> None:
    """Every service runs its image, confined, with settings that it reads, beside those whom it calls."""
    document = yaml.safe_load((ROOT / "docs/compose.yaml").read_text())
    services = document["services"]
    expect(set(services) == {*SERVICES, "pki", "postgres"}, f"has {sorted(services)}")
    for name in SERVICES:
        service = services[name]
        expect(service["image"] == f"localhost/sonde/{name}:0.1.0", f"{name} runs {service['image']}")
        expect(service["read_only"] and service["cap_drop"] == ["ALL"], f"{name} is not confined")
        unknown = set(service["environment"]) - keys_of_code(name) - FOREIGN
        expect(not unknown, f"{name} reads no {unknown}")
    # Nothing says where a peer is, so each must have the name that the code looks for.
    defaults = {
        name
        for source in (ROOT / "Services").rglob("*Settings.swift")
        for name in re.findall(r'default: "([a-z]+):8443"', source.read_text())
    }
    expect(defaults <= set(services), f"there is no {defaults - set(services)}")
    # What the agent found around itself at its first start is watched by address for ever.
    expect("subnet" in str(document.get("networks")), "its network has other addresses after each start")
    # A password between quotes in SQL can end there.
    expect("${" not in document["configs"]["roles"]["content"], "puts a variable's value into SQL")
    allowed = services["probe-agent"]["environment"]["PROBE_AGENT_ALLOWED_NETWORKS"].split(",")
    expect("loopback" in allowed, "its agent cannot ask the engine's resolver")
    named = {volume for service in services.values() for volume in mounted(service)}
    expect(named == set(document["volumes"]), f"volumes: {named ^ set(document['volumes'])}")


def mounted(service: dict) -> set[str]:
    return {volume.split(":")[0] for volume in service.get("volumes", [])}


def unit_is_sound() -> None:
    """systemd knows every line, and it names nothing that the package has not got."""
    folder = ROOT / "scripts/deb"
    unit = (folder / "sonde-agent.service").read_text()
    expect("User=sonde-agent" in unit and "CapabilityBoundingSet=\n" in unit, "runs with privileges")
    expect("u sonde-agent " in (folder / "sysusers.conf").read_text(), "its user is made by nobody")
    script = (ROOT / "scripts/deb.sh").read_text()
    for name in re.findall(r"^EnvironmentFile=(/\S+)$", unit, re.MULTILINE):
        expect(f'"$work{name}"' in script, f"the package has no {name}")
    keys = set(re.findall(r"^([A-Z_]+)=", (folder / "default").read_text(), re.MULTILINE))
    unknown = keys - keys_of_code("probe-agent")
    expect(not unknown, f"the agent reads no {unknown}")
    for name in ("install.sh", "postinst", "prerm", "postrm"):
        result = subprocess.run(["shellcheck", folder / name], capture_output=True, text=True)
        expect(result.returncode == 0, result.stdout)


def forge_runs_the_makefile() -> None:
    """What the forge runs is what there is to run."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    run: set[str] = set()
    for file in sorted((ROOT / ".github/workflows").glob("*.yaml")):
        for job, content in yaml.safe_load(file.read_text())["jobs"].items():
            expect("timeout-minutes" in content, f"{job} may run for ever")
            for step in content["steps"]:
                run |= set(re.findall(r"\bmake ([a-z-]+)", step.get("run", "")))
    expect(run <= targets, f"there is no target {run - targets}")
    wanted = {"test", "build", "images", "chart", "deb"}
    expect(wanted <= run, f"nobody runs {wanted - run}")
