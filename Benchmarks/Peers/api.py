"""What a call of the public API costs and how long it takes, through the gateway and the service that answers it.

Usage: api.py --release DIRECTORY. Starts a whole Sonde on a free port and an empty data directory, adds 10,000 targets
that nobody probes, and asks for them with h2load; then another one, with the limits that are usual, where one tenant
calls as often as it can. Each line compares what was measured with the most it may be; exits 1 when one falls short. It
lasts about three minutes.
"""

import argparse
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

from live import UNLIMITED, Installation

TARGETS = 10_000
WRITERS = 16
PAGES = 200
IDLE_CONNECTIONS = 2_000
READ = "/api/v1/measurements?limit=10"
READS_PER_SECOND = 2_000
READ_SECONDS = 10
WARM_UP_SECONDS = 2
CALLS = 40_000
CLIENTS = 20
NOISY_CLIENTS = 100
ROUNDS = 8
ROUND_SECONDS = 2
QUIET_PAUSE_SECONDS = 0.008
SETTINGS = "ORCHESTRATOR_MAX_TARGETS=20000\nORCHESTRATOR_DURABILITY=normal\n"


class Public:
    """Calls of one person over a connection that stays."""

    def __init__(self, installation):
        self.connection = http.client.HTTPConnection("127.0.0.1", installation.port)
        self.fields = {"authorization": f"Bearer {installation.token}", "content-type": "application/json"}

    def ask(self, method, path, body=None):
        self.connection.request(method, f"/api/v1{path}", body and json.dumps(body), self.fields)
        response = self.connection.getresponse()
        content = response.read()
        if response.status >= 300:
            sys.exit(f"{method} {path} was answered {response.status}: {content[:200]}")
        return json.loads(content)


def add_targets(installation):
    def write(first):
        public = Public(installation)
        for number in range(first, TARGETS, WRITERS):
            body = {"address": f"host-{number:05}.example", "enabled": False, "category": f"site-{number % 40}"}
            public.ask("POST", "/targets", body)

    threads = [threading.Thread(target=write, args=(first,)) for first in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def page_milliseconds(installation, query):
    """Of pages one after another, to the end of the list and again."""
    public = Public(installation)
    times, cursor = [], ""
    while len(times) < PAGES:
        start = time.perf_counter()
        page = public.ask("GET", f"/targets?limit=100{query}{cursor}")
        times.append((time.perf_counter() - start) * 1_000)
        cursor = f"&cursor={page['next_cursor']}" if "next_cursor" in page else ""
    return sorted(times)


def process_id(installation, name):
    children = subprocess.run(
        ["pgrep", "--parent", str(installation.process.pid), "--exact", name], capture_output=True, text=True, check=True
    )
    return int(children.stdout)


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib(process):
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def h2load(installation, path, *options):
    """The command; the person's token and the type of a body are in it."""
    url = f"http://127.0.0.1:{installation.port}{path}"
    fields = ["--header", f"authorization: Bearer {installation.token}", "--header", "content-type: application/json"]
    return ["h2load", *options, *fields, url]


def check(output):
    """Every answer must be a good one."""
    if " 0 4xx, 0 5xx" not in output or " 0 failed" not in output:
        sys.exit(output)


def load(installation, path, *options):
    check(subprocess.run(h2load(installation, path, *options), capture_output=True, text=True, check=True).stdout)


def exchange_milliseconds(connection, request):
    start = time.perf_counter()
    connection.sendall(request)
    head, _, body = connection.recv(1 << 20).partition(b"\r\n\r\n")
    length = int(head.partition(b"content-length: ")[2].split(b"\r")[0])
    while len(body) < length:
        body += connection.recv(1 << 20)
    return (time.perf_counter() - start) * 1_000


def read_milliseconds(installation):
    """Of a reader that asks now and then, while h2load asks at a steady rate.

    What h2load itself says of the times has the steps of its timers in it.
    """
    options = (f"--clients={CLIENTS}", f"--rps={READS_PER_SECOND // CLIENTS}")
    command = h2load(installation, READ, f"--requests={READS_PER_SECOND * (READ_SECONDS + 4)}", *options)
    requests = [
        f"GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {installation.token}\r\n\r\n".encode()
        for path in (READ, "/healthz")
    ]
    times, floor = [], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as others:
        connection = socket.create_connection(("127.0.0.1", installation.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        time.sleep(WARM_UP_SECONDS)
        end = time.monotonic() + READ_SECONDS
        while time.monotonic() < end:
            for request, found in zip(requests, (times, floor)):
                found.append(exchange_milliseconds(connection, request))
                time.sleep(0.001)
        output = others.stdout.read()
    check(output)
    print(f"an answer from memory under the same load: p99 {sorted(floor)[len(floor) * 99 // 100]:.2f} ms")
    return sorted(times)


def add_tenant(installation):
    """The access token of the administrator of a new tenant."""
    made = installation.call("/tenants", {"name": "Noisy"})
    person = {"email": "noisy@example.org", "password": "a good long password", "invitation": made["invitation"]["token"]}
    return installation.call("/auth/signup", person)["access_token"]


def neighbour_milliseconds(installation):
    """Of a tenant that asks now and then: alone, and while another asks as often as it can, in turns."""
    noisy = add_tenant(installation)
    url = f"http://127.0.0.1:{installation.port}{READ}"
    flood = ["h2load", f"--clients={NOISY_CLIENTS}", f"--duration={ROUND_SECONDS + 1}", url]
    flood += ["--header", f"authorization: Bearer {noisy}"]
    request = f"GET {READ} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {installation.token}\r\n\r\n".encode()
    connection = socket.create_connection(("127.0.0.1", installation.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(times):
        end = time.monotonic() + ROUND_SECONDS
        while time.monotonic() < end:
            times.append(exchange_milliseconds(connection, request))
            time.sleep(QUIET_PAUSE_SECONDS)

    alone, beside = [], []
    ask([])
    for _ in range(ROUNDS):
        ask(alone)
        with subprocess.Popen(flood, stdout=subprocess.DEVNULL) as others:
            time.sleep(0.5)
            ask(beside)
            others.wait()
    return sorted(alone), sorted(beside)


def call_microseconds(installation, folder, gateway):
    """Of the gateway's processor for one JSON-RPC call that it passes on."""
    body = pathlib.Path(folder, "call")
    body.write_text('{"jsonrpc":"2.0","id":1,"method":"target.list","params":{"limit":1}}')
    options = (f"--clients={CLIENTS}", "--max-concurrent-streams=2", f"--data={body}")
    load(installation, "/rpc", "--requests=4000", *options)
    before = processor_seconds(gateway)
    load(installation, "/rpc", f"--requests={CALLS}", *options)
    return (processor_seconds(gateway) - before) / CALLS * 1e6


def idle_kib(installation, gateway):
    """Of the gateway's memory for one connection that has asked once and asks no more."""
    before = memory_kib(gateway)
    held = []
    for _ in range(IDLE_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", installation.port))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        connection.recv(4_096)
        held.append(connection)
    growth = memory_kib(gateway) - before
    for connection in held:
        connection.close()
    return growth / IDLE_CONNECTIONS


def report(name, value, limit):
    print(f"{name} {value:.2f} {limit} {limit / value:.2f} 1 {'ok' if value <= limit else 'SHORT'}", flush=True)
    return value <= limit


def noisy_neighbour(release):
    """The p99 of a quiet tenant, and how much more it is beside a noisy one."""
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(release, folder, settings="")
        try:
            alone, beside = neighbour_milliseconds(installation)
        finally:
            installation.stop()
    print(f"a quiet tenant's reads, ms: alone p50 {alone[len(alone) // 2]:.2f}, p99 {alone[len(alone) * 99 // 100]:.2f};"
          f" beside a noisy tenant {beside[len(beside) // 2]:.2f}, {beside[len(beside) * 99 // 100]:.2f}")
    return beside[len(beside) * 99 // 100] / alone[len(alone) * 99 // 100]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(options.release, folder, UNLIMITED + SETTINGS)
        try:
            gateway = process_id(installation, "gateway")
            add_targets(installation)
            listed = page_milliseconds(installation, "")
            filtered = page_milliseconds(installation, "&search=7.example")
            reads = read_milliseconds(installation)
            cost = call_microseconds(installation, folder, gateway)
            idle = idle_kib(installation, gateway)
        finally:
            installation.stop()
    share = noisy_neighbour(options.release)
    good = [
        report("REST read at 2,000/s, p50 ms", reads[len(reads) // 2], 1.0),
        report("REST read at 2,000/s, p99 ms", reads[len(reads) * 99 // 100], 5.0),
        report("gateway's CPU, us a call", cost, 25.0),
        report("page of 10,000 targets, p95 ms", listed[PAGES * 95 // 100], 20.0),
        report("page of those found, p95 ms", filtered[PAGES * 95 // 100], 20.0),
        report("p99 beside a noisy tenant, of alone", share, 1.1),
        report("idle connection, KiB", max(idle, 0.01), 16.0),
    ]
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
