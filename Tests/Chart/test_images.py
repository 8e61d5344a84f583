#!/usr/bin/env python3
"""Runs the images as the chart's pods say, all in one network namespace, and has them measure something.

    python3 Tests/Chart/test_images.py --registry localhost --toolchain DIRECTORY

The toolchain is mounted where it is, for programs that have not got Swift's libraries inside. Takes root, podman, runc,
systemd-nspawn, iproute2 and PostgreSQL. What a pod says is done: its user, its read-only root, its capabilities, its
environment, its volumes. Each pod has an address of its own in the namespace, and their services' names lead there.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from booted import BootedHost, can_boot
from host import Host
from outcome import Failed, Outcome, expect
from rendering import KEEPS, ROOT, SERVICES, chart, component, pods
from server import ADDRESS, NAME, Server, password

PATIENCE_SECONDS = 60
VERSION = chart().metadata["appVersion"]
USER = 65532
PASSWORD = "a password of the images' test"
NAMES = {"gateway": ["sonde-gateway"]}


def run(*command: str, **options) -> str:
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise Failed(f"{' '.join(command[:4])} …: {(result.stdout + result.stderr).strip()[-2000:]}")
    return result.stdout


class Namespace:
    """A network of its own, with an address for each service, in which nothing is reached from outside."""

    def __init__(self) -> None:
        self.name = f"sonde-images-{os.getpid()}"
        self.addresses = {name: f"10.77.0.{index + 2}" for index, name in enumerate(SERVICES)}
        run("ip", "netns", "add", self.name)
        self.do("ip", "link", "set", "lo", "up")
        for address in [*self.addresses.values(), ADDRESS]:
            self.do("ip", "address", "add", f"{address}/32", "dev", "lo")
        # As the chart's sysctl does for each agent.
        self.do("sysctl", "--quiet", "--write", "net.ipv4.ping_group_range=0 2147483647")

    def do(self, *command: str) -> str:
        return run("ip", "netns", "exec", self.name, *command)

    def close(self) -> None:
        run("ip", "netns", "delete", self.name)


class Pod:
    """One pod of the chart, as podman runs it."""

    def __init__(self, spec: dict, namespace: Namespace, folder: Path, identities: Path, toolchain: str) -> None:
        self.spec, self.namespace, self.toolchain = spec["spec"], namespace, toolchain
        self.service = component(spec)
        self.name = f"{namespace.name}-{self.service}"
        self.folder = folder / self.service
        self.identities = identities
        self.volumes = {volume["name"]: self.volume(volume) for volume in self.spec["volumes"]}

    def volume(self, volume: dict) -> list[str]:
        """Options of podman, with PATH for where it is mounted."""
        if "projected" in volume:
            return ["--volume", f"{self.identities / self.service}:PATH:ro"]
        if "secret" in volume:
            return ["--volume", f"{self.identities / 'agents'}:PATH:ro"]
        if "emptyDir" in volume and volume["name"] == "tmp":
            return ["--tmpfs", "PATH:rw,mode=1777"]
        if "emptyDir" in volume or "persistentVolumeClaim" in volume:
            return ["--volume", f"{self.data()}:PATH:rw"]
        raise Failed(f"{self.service}: no way to make the volume {volume}")

    def data(self) -> Path:
        """As the kubelet leaves a volume: everybody's."""
        self.folder.mkdir(exist_ok=True)
        os.chmod(self.folder, 0o777)
        return self.folder

    def mounts(self, container: dict) -> list[str]:
        options = []
        for mount in container.get("volumeMounts", []):
            made = self.volumes.get(mount["name"]) or ["--volume", f"{self.data()}:PATH:rw"]
            options += [option.replace("PATH", mount["mountPath"]) for option in made]
        return options

    def environment(self, container: dict) -> list[str]:
        values: dict[str, str] = {}
        for entry in container.get("env", []):
            if "value" in entry:
                value = entry["value"]
                for name, known in values.items():
                    value = value.replace(f"$({name})", known)
            elif "secretKeyRef" in entry["valueFrom"]:
                key = entry["valueFrom"]["secretKeyRef"]["key"]
                value = {"email": "admin@localhost", "password": PASSWORD}.get(key) or password(key)
            else:
                value = self.fields().get(entry["valueFrom"]["fieldRef"]["fieldPath"], "")
            values[entry["name"]] = value.replace("0.0.0.0", self.namespace.addresses.get(self.service, "0.0.0.0"))
        return [option for name, value in values.items() for option in ("--env", f"{name}={value}")]

    def fields(self) -> dict[str, str]:
        """What the downward API says."""
        return {"spec.nodeName": "node-1", "status.podIP": self.namespace.addresses.get(self.service, "")}

    def command(self, container: dict, *options: str) -> list[str]:
        security = container["securityContext"]
        expect(security["readOnlyRootFilesystem"] and security["capabilities"] == {"drop": ["ALL"]}, "is not confined")
        expect(not security["allowPrivilegeEscalation"], "may gain privileges")
        user = self.spec["securityContext"]
        command = ["podman", "--runtime", "runc", "run", "--no-healthcheck", "--read-only", "--read-only-tmpfs=false"]
        command += ["--network", f"ns:/run/netns/{self.namespace.name}", "--cap-drop", "ALL", *options]
        command += ["--security-opt", "no-new-privileges", "--user", f"{user['runAsUser']}:{user['runAsGroup']}"]
        command += ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=4096:4096"]
        command += ["--pids-limit=-1", "--pull=never", "--volume", f"{self.toolchain}:{self.toolchain}:ro"]
        for service, address in self.namespace.addresses.items():
            for name in [f"sonde-{service}-mesh", *NAMES.get(service, [])]:
                command += ["--add-host", f"{name}:{address}"]
        command += ["--add-host", f"{NAME}:{ADDRESS}"]
        command += self.environment(container) + self.mounts(container)
        words = container.get("command", [])
        if words:
            command += ["--entrypoint", json.dumps(words)]
        return [*command, container["image"], *container.get("args", [])]

    def start(self) -> None:
        for container in self.spec.get("initContainers", []):
            run(*self.command(container, "--rm"))
        run(*self.command(self.spec["containers"][0], "--detach", "--name", self.name))

    def wait(self) -> None:
        """Until it is ready, as its probe asks."""
        probe = self.spec["containers"][0]["readinessProbe"]["httpGet"]
        address = f"http://{self.namespace.addresses[self.service]}:9090{probe['path']}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = subprocess.run(
                ["ip", "netns", "exec", self.namespace.name, "curl", "--silent", "--fail", address], capture_output=True
            )
            if answer.returncode == 0:
                return
            state = json.loads(run("podman", "inspect", self.name))[0]["State"]
            if not state["Running"] or time.monotonic() > deadline:
                logs = subprocess.run(["podman", "logs", self.name], capture_output=True, text=True)
                raise Failed(f"is not ready; {state['Status']}: {(logs.stdout + logs.stderr)[-2000:]}")
            time.sleep(0.1)

    def is_confined(self) -> None:
        """What the kernel says of the process."""
        process = json.loads(run("podman", "inspect", self.name))[0]["State"]["Pid"]
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
        expect(status["Uid"].split() == [str(USER)] * 4, f"runs as {status['Uid']}")
        expect(int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, f"has {status['CapEff']}")
        expect(int(status["CapBnd"], 16) == 0, f"could have {status['CapBnd']}")
        expect(status["NoNewPrivs"].strip() == "1", "may gain privileges")
        root = next(line for line in Path(f"/proc/{process}/mounts").read_text().splitlines() if " / " in line)
        expect("ro" in root.split()[3].split(","), f"can write its root: {root}")
        print(f"        {self.service}: {status['VmRSS'].strip()} resident, {status['VmHWM'].strip()} at most")

    def stop(self) -> None:
        run("podman", "stop", "--time", "35", self.name)
        state = json.loads(run("podman", "inspect", self.name))[0]["State"]
        expect(state["ExitCode"] == 0, f"ended with {state['ExitCode']}")

    def remove(self) -> None:
        subprocess.run(["podman", "rm", "--force", "--time", "0", self.name], capture_output=True)


def issue(folder: Path, registry: str, toolchain: str) -> None:
    """Identities by the command line's own image, as a Secret that is mounted has them."""
    image = f"{registry}/sonde/sonde:{VERSION}"
    folder.mkdir()
    base = ["podman", "--runtime", "runc", "run", "--rm", "--network=none", "--pull=never", "--user", "0:0"]
    base += ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=4096:4096", "--pids-limit=-1"]
    base += ["--volume", f"{toolchain}:{toolchain}:ro", "--volume", f"{folder}:/pki", image]
    run(*base, "pki", "init", "/pki")
    for service in SERVICES:
        run(*base, "pki", "issue", "/pki", service, "--namespace", "sonde")
    for directory in [*SERVICES, "agents"]:
        for file in (folder / directory).iterdir():
            os.chown(file, 0, USER)
            file.chmod(0o440)
        (folder / directory).chmod(0o755)


def lists_contents(image: str) -> None:
    """What is in an image is written as SPDX says, by the specification's own tool."""
    file = ROOT / f".build/images/{image}.spdx.json"
    run(str(Path(sys.executable).with_name("pyspdxtools")), "--infile", str(file))
    names = {package["name"] for package in json.loads(file.read_text())["packages"]}
    missing = {f"sonde-{image}", "swift-runtime", "libc6"} - names
    expect(not missing, f"has no {missing}")


def measure(pod: Pod) -> None:
    """What `helm test` does, from the pod that it would run."""
    said = run(*pod.command(pod.spec["containers"][0], "--rm"), timeout=180)
    expect(said.rstrip().endswith("measured") or "measured\n" in said, f"said: {said}")


def has_least_rights(server: Server) -> None:
    """Every service made its tables in its own schema, and none may do more than that."""
    schemas = server.query(
        "sonde",
        "SELECT DISTINCT schemaname || ' ' || tableowner FROM pg_tables WHERE schemaname !~ '^(pg_|information)'",
    )
    expect(sorted(schemas.split("\n")[:-1]) == sorted(f"{one} sonde_{one}" for one in KEEPS), schemas)
    strong = "SELECT rolname FROM pg_roles WHERE rolname ~ '^sonde_' AND (rolsuper OR rolbypassrls OR rolcreatedb)"
    expect(server.query("sonde", strong) == "", "a role may do too much")
    create = "SELECT rolname FROM pg_roles WHERE rolname ~ '^sonde_' AND has_database_privilege(oid, 'sonde', 'CREATE')"
    expect(server.query("sonde", create) == "", "a role may make schemas")


def host_joins(outcome: Outcome, mode: str, namespace: Namespace, image: str, toolchain: str) -> None:
    """A host outside becomes an agent by what the gateway serves."""
    host = Host(namespace, image, namespace.addresses["gateway"], toolchain, PASSWORD)
    try:
        outcome.check(f"{mode}: a host installs and enrols the agent by the gateway's script", host.start)
        outcome.check(f"{mode}: the script refuses what it should, and says why", host.refuses)
        outcome.check(f"{mode}: the script leaves an identity alone", host.keeps_identity)
        outcome.check(f"{mode}: the host's agent comes online", host.measures)
    finally:
        host.close()


def booted_host_joins(outcome: Outcome, mode: str, namespace: Namespace, image: str, toolchain: str) -> None:
    """One with systemd, which runs the package's unit."""
    host = BootedHost(namespace, image, namespace.addresses["gateway"], toolchain, PASSWORD)
    try:
        outcome.check(f"{mode}: a host with systemd installs and enrols the agent", host.start)
        outcome.check(f"{mode}: systemd runs it, and it comes online", host.measures)
        outcome.check(f"{mode}: confined as its unit says, it makes every kind of check", host.probes)
        outcome.check(f"{mode}: it is started again, but not with a setting that makes no sense", host.recovers)
        outcome.check(f"{mode}: an upgrade leaves it as its administrator had it", host.upgrades)
        outcome.check(f"{mode}: purging it leaves nothing", host.purges)
    finally:
        host.close()


def play(outcome: Outcome, mode: str, values: dict, namespace: Namespace, work: Path, toolchain: str) -> None:
    """Starts all services, measures, has a host outside join them, and stops them."""
    folder = work / mode
    folder.mkdir()
    by_service = {component(pod): pod for _, pod in pods(values)}
    made = [
        Pod(by_service[service], namespace, folder, work / "pki", toolchain) for service in [*SERVICES, "test"]
    ]
    services, test = made[:-1], made[-1]
    try:
        for pod in services:
            outcome.check(f"{mode}: {pod.service} starts", pod.start)
        for pod in services:
            outcome.check(f"{mode}: {pod.service} becomes ready", pod.wait)
            outcome.check(f"{mode}: {pod.service} has no privilege, and a root that it cannot write", pod.is_confined)
        name = f"{mode}: the chart's own test signs in, adds a target, and sees a measurement"
        outcome.check(name, lambda: measure(test))
        host = f"{values['image']['registry']}/host"
        joins = booted_host_joins if mode == "postgres" and can_boot() else host_joins
        joins(outcome, mode, namespace, host, toolchain)
        for pod in reversed(services):
            outcome.check(f"{mode}: {pod.service} stops in order", pod.stop)
    finally:
        for pod in made:
            pod.remove()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--registry", default="localhost")
    parser.add_argument("--toolchain", required=True)
    options = parser.parse_args()
    outcome = Outcome()
    work = Path(tempfile.mkdtemp())
    # Below /tmp a folder is its owner's alone; users of the containers have to pass.
    work.chmod(0o755)
    namespace = Namespace()
    server = Server(namespace.name, work / "server")
    # There is no cluster to be watched here.
    endpoints = {name: f"{namespace.addresses[name]}:8443" for name in ("orchestrator", "store")}
    common = {
        "image": {"registry": options.registry},
        "enrolment": {"enabled": True, **{f"{name}Endpoint": address for name, address in endpoints.items()}},
        "kubernetes": {"watch": False, "discovery": False},
    }
    bundled = {**common, "database": {"mode": "bundled", "existingSecret": "passwords"}}
    try:
        for image in [*SERVICES, "sonde"]:
            outcome.check(f"{image}: its contents are listed", lambda image=image: lists_contents(image))
        name = "the command line makes the identities"
        outcome.check(name, lambda: issue(work / "pki", options.registry, options.toolchain))
        play(outcome, "sqlite", common, namespace, work, options.toolchain)
        outcome.check("the chart's script makes roles and schemas, twice", lambda: server.start(bundled))
        play(outcome, "postgres", bundled, namespace, work, options.toolchain)
        outcome.check("roles have the least rights", lambda: has_least_rights(server))
    finally:
        server.stop()
        namespace.close()
        shutil.rmtree(work)
    return outcome.end()


if __name__ == "__main__":
    sys.exit(main())
