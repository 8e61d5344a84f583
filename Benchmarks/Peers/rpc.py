#!/usr/bin/env python3
"""Measures JSON-RPC over the mesh's transport beside nghttpd, Go's net/http, h2load and nginx.

    python3 Benchmarks/Peers/rpc.py --release .build/release --go .tools/bench/bin/go

The server has core 0 and the load core 1. Each pair is measured in turn, several times, and the best of each counts.
Prints one line a measurement, and exits 1 when one is SHORT.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 3
CONNECTIONS, IN_FLIGHT = 8, 32
HANDSHAKES, IDLE = 3_000, 2_000
IDLE_LIMIT_KIB = 55
PARAMS = {
    "target": "edge-1.example.net", "type": "icmp", "count": 10, "interval_ms": 2500, "tags": ["eu", "core", "bb"],
    "origin": "agent-17", "note": "a note of some length to fill the body to size",
}


def pinned(core, *command):
    return ["taskset", "--cpu-list", str(core), *map(str, command)]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server process on core 0."""

    def __init__(self, port, *command, **options):
        self.port = port
        self.process = subprocess.Popen(pinned(0, *command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        **options)

    def __enter__(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
                return self
            time.sleep(0.02)
        raise RuntimeError(f"{self.process.args} does not listen")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def processor_seconds(self):
        """The time that all threads have run."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) * 1e-9

    def memory_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


class Bench:
    def __init__(self, options, work):
        self.release = options.release.resolve()
        self.work = work
        self.is_short = False
        self._make_identities()
        self._build(options.go.resolve())
        for method in ("echo.say", "echo.wait"):
            body = {"jsonrpc": "2.0", "method": method, "params": PARAMS, "id": 1}
            (work / f"{method}.json").write_text(json.dumps(body, separators=(",", ":")))
        reply = {"jsonrpc": "2.0", "result": PARAMS, "id": 1}
        (work / "htdocs").mkdir()
        (work / "htdocs/rpc").write_text(json.dumps(reply, separators=(",", ":")))

    def _make_identities(self):
        sonde, pki = self.release / "sonde", self.work / "pki"
        subprocess.run([sonde, "pki", "init", pki], check=True, stdout=subprocess.DEVNULL)
        for service in ("store", "probe-agent"):
            subprocess.run([sonde, "pki", "issue", pki, service], check=True, stdout=subprocess.DEVNULL)
        self.server_identity, self.client_identity = pki / "store", pki / "probe-agent"
        # The name under which bench-rpc looks for its caller's identity.
        (pki / "agent").symlink_to("probe-agent")

    def _build(self, go):
        environment = {**os.environ, "GOCACHE": str(self.work / "go"), "GOPATH": str(self.work / "gopath"),
                       "GOFLAGS": "-mod=mod", "GO111MODULE": "off", "GOTOOLCHAIN": "local"}
        for name in ("rpcserver", "rpcclient"):
            subprocess.run([go, "build", "-o", self.work / name, HERE / f"{name}.go"], check=True, env=environment)
        subprocess.run(["cc", "-O2", "-o", self.work / "handshake", HERE / "handshake.c", "-lssl", "-lcrypto"], check=True)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.work / "client_certificate.so",
                        HERE / "client_certificate.c", "-ldl"], check=True)

    # Servers

    def ours(self):
        port = free_port()
        return Server(port, self.release / "bench-rpc", self.work / "pki", port)

    def nghttpd(self):
        port, identity = free_port(), self.server_identity
        return Server(port, "nghttpd", "--address=127.0.0.1", "--verify-client", f"--htdocs={self.work}/htdocs", port,
                      identity / "tls.key", identity / "tls.crt", env={**os.environ, "SSL_CERT_FILE": f"{identity}/ca.crt"})

    def go(self):
        port = free_port()
        return Server(port, self.work / "rpcserver", self.server_identity, port)

    def nginx(self):
        port = free_port()
        text = (HERE / "nginx.conf").read_text().replace("@PORT@", str(port))
        (self.work / "nginx.conf").write_text(text.replace("@IDENTITY@", str(self.server_identity)))
        return Server(port, "/usr/sbin/nginx", "-p", self.work, "-c", "nginx.conf", "-e", "stderr")

    # Measurements

    def h2load(self, server, requests, method="echo.say"):
        """Requests a second, the server's CPU and h2load's, in microseconds a request."""
        command = pinned(
            1, "h2load", "--clients", CONNECTIONS, "--max-concurrent-streams", IN_FLIGHT, "--requests", requests,
            "--data", self.work / f"{method}.json", "--header", "content-type: application/json",
            "--header", "deadline: 10000",
            "--header", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            f"https://127.0.0.1:{server.port}/rpc",
        )
        environment = {
            **os.environ, "LD_PRELOAD": str(self.work / "client_certificate.so"),
            "CLIENT_CERTIFICATE": f"{self.client_identity}/tls.crt", "CLIENT_KEY": f"{self.client_identity}/tls.key",
        }
        before, used = server.processor_seconds(), children_seconds()
        output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        spent, used = server.processor_seconds() - before, children_seconds() - used
        if f"{requests} 2xx" not in output:
            raise RuntimeError(f"h2load: {output}")
        rate = float(re.search(r"([\d.]+) req/s", output)[1])
        return rate, spent / requests * 1e6, used / requests * 1e6

    def caller(self, server, *command):
        """Calls a second and CPU microseconds a call of a client."""
        output = subprocess.run(pinned(1, *command), check=True, capture_output=True, text=True).stdout
        found = re.search(r"([\d.]+) calls/s ([\d.]+) cpu_us/call", output)
        return float(found[1]), float(found[2])

    def handshakes(self, server):
        """The server's CPU microseconds a handshake."""
        before = server.processor_seconds()
        subprocess.run(pinned(1, self.work / "handshake", server.port, self.client_identity, HANDSHAKES), check=True)
        return (server.processor_seconds() - before) / HANDSHAKES * 1e6

    def idle(self, server):
        """KiB of the server's memory an idle connection, once it has served others."""
        self.handshakes(server)
        before = server.memory_kib()
        command = pinned(1, self.work / "handshake", "idle", server.port, self.client_identity, IDLE)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
            clients.stdout.readline()
            growth = server.memory_kib() - before
            clients.communicate("\n")
        return growth / IDLE

    def report(self, name, value, peer, ratio, at_least):
        is_enough = ratio >= at_least
        self.is_short |= not is_enough
        print(name, round(value, 2), round(peer, 2), round(ratio, 2), round(at_least, 3),
              "ok" if is_enough else "SHORT", flush=True)

    # The table

    def servers(self):
        rounds = []
        for _ in range(ROUNDS):
            with self.ours() as ours, self.nghttpd() as nghttpd, self.go() as go:
                rounds.append([self.h2load(ours, 150_000), self.h2load(nghttpd, 150_000), self.h2load(go, 15_000),
                               self.h2load(ours, 150_000, "echo.wait")])
        (rate, cost), (nghttpd_rate, nghttpd_cost), (go_rate, _), (_, waiting_cost) = [
            (max(run[0] for run in runs), min(run[1] for run in runs)) for runs in zip(*rounds)]
        self.report("rpc-requests-per-second/nghttpd", rate, nghttpd_rate, rate / nghttpd_rate, 0.85)
        self.report("rpc-requests-per-second/go", rate, go_rate, rate / go_rate, 10)
        self.report("rpc-cpu-microseconds/nghttpd", cost, nghttpd_cost, nghttpd_cost / cost, 1 / 1.25)
        # A handler that may wait gets a task of its own, which costs half a microsecond.
        self.report("rpc-waiting-cpu-microseconds/nghttpd", waiting_cost, nghttpd_cost, nghttpd_cost / waiting_cost, 1 / 1.75)

    def clients(self):
        rounds = []
        for _ in range(ROUNDS):
            with self.ours() as server:
                address, load = f"127.0.0.1:{server.port}", (CONNECTIONS, IN_FLIGHT)
                ours = self.caller(server, self.release / "bench-rpc", "client", address, self.work / "pki", *load, 150_000)
                go = self.caller(server, self.work / "rpcclient", address, self.client_identity, *load, 15_000)
                rounds.append([ours, go, self.h2load(server, 150_000)])
        rate, go_rate = (max(run[index][0] for run in rounds) for index in (0, 1))
        cost, h2load_cost = min(run[0][1] for run in rounds), min(run[2][2] for run in rounds)
        self.report("client-calls-per-second/go", rate, go_rate, rate / go_rate, 10)
        self.report("client-cpu-microseconds/h2load", cost, h2load_cost, h2load_cost / cost, 1 / 1.2)

    def connections(self):
        rounds = []
        for _ in range(ROUNDS):
            with self.ours() as ours, self.nginx() as nginx:
                rounds.append([self.handshakes(ours), self.handshakes(nginx)])
        ours, nginx = (min(run[index] for run in rounds) for index in (0, 1))
        self.report("handshake-cpu-microseconds/nginx", ours, nginx, nginx / ours, 1 / 0.9)
        with self.ours() as server:
            idle = self.idle(server)
        self.report("idle-connection-kib/limit", idle, IDLE_LIMIT_KIB, IDLE_LIMIT_KIB / idle, 1)


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--release", type=pathlib.Path, required=True, help="where bench-rpc and sonde are")
    parser.add_argument("--go", type=pathlib.Path, required=True)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, pathlib.Path(work))
        print("name value peer ratio at-least")
        bench.servers()
        bench.clients()
        bench.connections()
    return 1 if bench.is_short else 0


if __name__ == "__main__":
    sys.exit(main())
