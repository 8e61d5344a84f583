"""A host outside the cluster with an init: systemd runs the agent, as the package's unit says."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from host import NAME, URL, Host, curl
from outcome import Failed, expect

PATIENCE_SECONDS = 30
REFLECTOR_PORT = 8862
SETTINGS = "/etc/default/sonde-agent"


def hierarchies() -> list[Path]:
    """Where groups of processes are made that systemd reads: one place, or two where there are both versions."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(words[1]) for words in mounts if words[2] == "cgroup2" or "name=systemd" in words[3].split(",")]


def can_boot() -> bool:
    """Whether groups can be made; where they cannot, as in some containers, no systemd runs as process 1."""
    try:
        for root in hierarchies():
            os.rmdir(tempfile.mkdtemp(dir=root))
    except OSError as error:
        print(f"skipped a host with systemd: {error}")
        return False
    return bool(hierarchies())


class BootedHost(Host):
    """systemd is its process 1, in namespaces that systemd-nspawn makes."""

    def __init__(self, namespace, image: str, gateway: str, toolchain: str, password: str) -> None:
        super().__init__(namespace, image, gateway, toolchain, password)
        self.image, self.gateway = image, gateway
        self.work = Path(tempfile.mkdtemp())
        self.root, self.log = self.work / "root", self.work / "log"
        self.machine: subprocess.Popen | None = None
        # Of its own, for it would share those of whoever runs another one here.
        self.groups = [root / self.name for root in hierarchies()]
        self.nspawn = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--console=pipe"]
        self.nspawn += [f"--directory={self.root}", f"--network-namespace-path=/run/netns/{namespace.name}"]
        self.nspawn += [f"--machine={self.name}", f"--bind-ro={toolchain}"]

    def boot(self) -> None:
        self.root.mkdir()
        create = ["podman", "--runtime", "runc", "create", "--pull=never", "--network=none", self.image, "true"]
        container = subprocess.check_output(create, text=True).strip()
        unpack = f"podman export {container} | tar --extract --directory {self.root}"
        subprocess.run(["bash", "-euo", "pipefail", "-c", unpack], check=True)
        subprocess.run(["podman", "rm", container], check=True, capture_output=True)
        for group in self.groups:
            group.mkdir(exist_ok=True)
        with self.log.open("w") as log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "preexec_fn": self.join_groups}
            self.machine = subprocess.Popen(self.nspawn, **options)
        self.wait(lambda: self.process() and self.says("systemctl is-system-running") in ("running", "degraded"))
        # As on a host that is no container, so that the package can have ping sockets allowed.
        self.do(0, "mkdir /run/proc; mount -t proc proc /run/proc; mount --bind /run/proc/sys/net /proc/sys/net")

    def join_groups(self) -> None:
        for group in self.groups:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    def process(self) -> str:
        """Its process 1, as it is called outside; empty until there is one."""
        if not self.machine or self.machine.poll() is not None:
            raise Failed(f"is not running: {self.log.read_text()[-2000:] if self.machine else ''}")
        pid = self.machine.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()

    def enter(self, *options: str) -> list[str]:
        return ["nsenter", "--target", self.process(), "--all", *options]

    def says(self, script: str) -> str:
        return subprocess.run([*self.enter(), "sh", "-c", script], capture_output=True, text=True).stdout.strip()

    def wait(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                logs = self.says("systemctl status --lines 20 sonde-agent") if self.process() else ""
                raise Failed(f"waited for {PATIENCE_SECONDS} seconds: {logs[-2000:]}")
            time.sleep(0.1)

    def run_agent(self) -> None:
        """It runs since the script was there."""
        said = self.says("systemctl is-active sonde-agent; systemctl is-enabled sonde-agent")
        expect(said.split() == ["active", "enabled"], said)
        said = self.do(0, "systemd-analyze verify sonde-agent.service")
        expect(said == "", said)

    def probes(self) -> None:
        """Each kind of check that asks something of the kernel; a call that the unit refuses would show."""
        self.do(0, f"echo PROBE_AGENT_REFLECTOR={self.gateway}:{REFLECTOR_PORT} >>{SETTINGS}")
        self.do(0, "systemctl restart sonde-agent")
        address = {"icmp": {}, "trace": {}, "mtu": {}, "tcp": {"port": 8080}, "stamp": {"port": REFLECTOR_PORT}}
        page = f"http://{self.gateway}:8080/healthz"
        targets = {self.gateway: address, page: {"http": {}}, "127.0.0.1": {"host": {}}}
        for target, kinds in targets.items():
            checks = [{"type": kind, "interval_ms": 500, "options": options} for kind, options in kinds.items()]
            body = {"address": target, "name": f"{NAME} {target}", "checks": checks}
            curl(self.namespace, "/api/v1/targets", body, self.token)
        wanted = {kind for kinds in targets.values() for kind in kinds}
        self.seen: dict[str, dict] = {}
        try:
            self.wait(lambda: self.succeeded() >= wanted)
        except Failed as failure:
            raise Failed(f"no {wanted - self.succeeded()}; {json.dumps(self.seen)[:1000]}; {failure}") from failure
        host = self.seen["host"]["metadata"]
        missing = {"load_1m", "memory_total_bytes", "tcp_established"} - set(host)
        expect(not missing, f"the host's check tells of no {missing}: {host}")

    def succeeded(self) -> set[str]:
        latest = curl(self.namespace, "/api/v1/measurements/latest", token=self.token)["measurements"]
        mine = [one for one in latest if one["origin"] == NAME and one["target"].startswith(NAME)]
        self.seen = {one["type"]: one for one in mine}
        return {kind for kind, one in self.seen.items() if one["status"] == "success"}

    def recovers(self) -> None:
        """From a crash, but not from a setting that makes no sense."""
        state = "systemctl show --property MainPID,ActiveState,Result sonde-agent"
        before = self.says(state)
        self.do(0, "systemctl kill --kill-who=main --signal=KILL sonde-agent")
        self.wait(lambda: "ActiveState=active" in self.says(state) and self.says(state) != before)
        self.do(1, f"echo PROBE_AGENT_MAX_PROBES=many >>{SETTINGS}; systemctl restart sonde-agent")
        self.wait(lambda: "ActiveState=failed" in self.says(state))
        said = self.do(70, f"sh install.sh --url {URL}")
        expect("does not run" in said, said)
        self.do(0, f"sed -i /many/d {SETTINGS}; systemctl restart sonde-agent")

    def upgrades(self) -> None:
        """What its administrator has disabled stays so; what was removed starts again."""
        self.do(0, f"systemctl disable --quiet --now sonde-agent; sh install.sh --url {URL}")
        said = self.says("systemctl is-active sonde-agent; systemctl is-enabled sonde-agent")
        expect(said.split() == ["inactive", "disabled"], f"an upgrade starts or enables it: {said}")
        self.do(0, "systemctl enable --quiet sonde-agent; apt-get --quiet --quiet --yes remove sonde-agent")
        self.do(0, f"test -s /etc/sonde/identity/tls.key; sh install.sh --url {URL}")
        said = self.says("systemctl is-active sonde-agent; systemctl is-enabled sonde-agent")
        expect(said.split() == ["active", "enabled"], said)

    def purges(self) -> None:
        self.do(0, "apt-get --quiet --quiet --yes purge sonde-agent")
        left = self.says(f"ls --directory /etc/sonde /var/lib/sonde {SETTINGS}; find /etc/systemd -name 'sonde*'")
        expect(left == "", f"leaves {left}")
        expect(self.says("systemctl is-active sonde-agent") == "inactive", "leaves it running")

    def halt(self) -> None:
        if self.machine and self.machine.poll() is None:
            subprocess.run(["kill", f"-{signal.SIGRTMIN + 4}", self.process()], check=False)
            try:
                self.machine.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.machine.kill()
                self.machine.wait()
        for group in self.groups:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
        shutil.rmtree(self.work)
