"""A host outside the cluster, as a container: what the gateway's script makes of it."""

import json
import subprocess
import time
from pathlib import Path

from outcome import Failed, expect

NAME = "host7"
# Where the gateway is reached without TLS: on the machine itself alone.
PORT = 8080
URL = f"http://127.0.0.1:{PORT}"
START = """
set -a; . /etc/default/sonde-agent; . /etc/sonde/agent.env; set +a
exec runuser --user sonde-agent -- probe-agent
"""


def curl(namespace, path: str, body: dict | None = None, token: str = "") -> dict:
    command = ["curl", "--silent", "--show-error", "--fail-with-body", f"{URL}{path}"]
    if token:
        command += ["--header", f"authorization: Bearer {token}"]
    if body is not None:
        command += ["--header", "content-type: application/json", "--data", json.dumps(body)]
    return json.loads(namespace.do(*command))


class Host:
    """A Debian with what the agent's package depends on, and nothing of Sonde."""

    def __init__(self, namespace, image: str, gateway: str, toolchain: str, password: str) -> None:
        self.namespace, self.name = namespace, f"{namespace.name}-host"
        relay = ["socat", f"TCP-LISTEN:{PORT},bind=127.0.0.1,fork,reuseaddr", f"TCP:{gateway}:8080"]
        self.relay = subprocess.Popen(["ip", "netns", "exec", namespace.name, *relay])
        self.run = ["podman", "--runtime", "runc", "run", "--network", f"ns:/run/netns/{namespace.name}", "--pull=never"]
        self.run += ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=4096:4096", "--pids-limit=-1"]
        self.run += ["--volume", f"{toolchain}:{toolchain}:ro", "--detach", "--name", self.name, image]
        self.credentials = {"email": "admin@localhost", "password": password}

    def signed_in(self) -> str:
        for _ in range(50):
            try:
                return curl(self.namespace, "/api/v1/auth/login", self.credentials)["access_token"]
            except Failed as failure:
                last = failure
                time.sleep(0.1)
        raise last

    def start(self) -> None:
        """As an operator and the host's owner do it."""
        self.token = self.signed_in()
        enrolment = curl(self.namespace, "/api/v1/enrolments", {"name": NAME}, self.token)
        self.boot()
        self.do(0, f"curl --fail --silent --show-error --remote-name {URL}/install.sh")
        said = self.do(0, f"sh install.sh --url {URL} --token {enrolment['token']}")
        expect("has the SHA-256" in said, said)

    def boot(self) -> None:
        result = subprocess.run([*self.run, "sleep", "600"], capture_output=True, text=True)
        expect(result.returncode == 0, result.stderr)

    def refuses(self) -> None:
        """What is not as it should be, before anything is installed."""
        said = self.do(65, f"sed 's/^packages=.\\{{64\\}}/packages=\\x27{'0' * 63}/' install.sh | sh -s -- --url {URL}")
        expect("another SHA-256" in said and "nothing was installed" in said, said)
        said = self.do(64, f"sh install.sh --url {URL.replace('127.0.0.1', '192.0.2.1')}")
        expect("must begin with https://" in said, said)
        said = self.do(69, "sh install.sh --url http://127.0.0.1:1 --token x")
        expect("cannot be had" in said, said)
        said = self.do(64, "sh install.sh --token")
        expect("without its value" in said, said)
        said = self.do(77, f"runuser --user nobody -- sh install.sh --url {URL}")
        expect("must be run as root" in said, said)

    def keeps_identity(self) -> None:
        """A second run exchanges the program and nothing else."""
        before = self.do(0, "sha256sum /etc/sonde/identity/* /etc/sonde/agent.env")
        said = self.do(0, f"sh install.sh --url {URL}")
        expect("enrolled already" in said, said)
        expect(self.do(0, "sha256sum /etc/sonde/identity/* /etc/sonde/agent.env") == before, "another identity")

    def measures(self) -> None:
        """The agent is in the list, as what its enrolment says."""
        self.run_agent()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            agents = curl(self.namespace, "/api/v1/agents", token=self.token)["agents"]
            if any(agent["name"] == NAME and agent["state"] == "online" for agent in agents):
                return
            time.sleep(0.2)
        raise Failed(f"is not online: {agents}")

    def run_agent(self) -> None:
        self.do(0, START, "--detach")

    def enter(self, *options: str) -> list[str]:
        return ["podman", "exec", *options, self.name]

    def do(self, code: int, script: str, *options: str) -> str:
        command = [*self.enter(*options), "sh", "-euc", script]
        result = subprocess.run(command, capture_output=True, text=True)
        said = result.stdout + result.stderr
        expect(result.returncode == code, f"{script.strip()[:80]} ended with {result.returncode}: {said[-2000:]}")
        return said

    def halt(self) -> None:
        subprocess.run(["podman", "rm", "--force", "--time", "0", self.name], capture_output=True)

    def close(self) -> None:
        self.halt()
        self.relay.terminate()
        self.relay.wait()
