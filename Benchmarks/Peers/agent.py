"""What an agent costs: 10,000 echoes a second, and 1,000 checks of four kinds every ten seconds beside blackbox_exporter.

Usage: agent.py --release DIRECTORY. Starts a whole Sonde in a network namespace of its own (without root: where it is
called, with a raw socket or not at all), lets its agent probe loopback, and reads the agent's processor time and memory
from /proc; the other services' are not counted. blackbox_exporter gets the same targets, one request a probe. Ends with
one line a number, as all benchmarks do; exits 1 when one falls short. It lasts about two minutes.
"""

import argparse
import http.client
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request

from live import UNLIMITED, Installation, free_port

ECHO_TARGETS = 10_000
WARM_UP_SECONDS = 6
SECONDS = 10
MIXED_CHECKS = 1_000
MIXED_SECONDS = 10
TICKS = os.sysconf("SC_CLK_TCK")

isShort = False


def line(name, value, peer, ratio, at_least):
    global isShort
    is_enough = ratio >= at_least
    isShort = isShort or not is_enough
    print(f"{name} {value:.3g} {peer:.3g} {ratio:.2f} {at_least} {'ok' if is_enough else 'SHORT'}", flush=True)


class Process:
    """Another process, as /proc shows it."""

    def __init__(self, number):
        self.folder = pathlib.Path(f"/proc/{number}")

    @property
    def cpu_seconds(self):
        fields = self.folder.joinpath("stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def megabytes(self):
        status = self.folder.joinpath("status").read_text()
        return int(next(row for row in status.splitlines() if row.startswith("VmRSS")).split()[1]) / 1_024


def agent_of(data):
    """The agent's process, and the address of its metrics."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            variables = folder.joinpath("environ").read_bytes().split(b"\0")
            name = folder.joinpath("exe").readlink().name
        except OSError:
            continue
        known = dict(variable.partition(b"=")[::2] for variable in variables)
        if name == "probe-agent" and known.get(b"PROBE_AGENT_DATA", b"").startswith(str(data).encode()):
            return Process(folder.name), known[b"PROBE_AGENT_ADMIN_LISTEN"].decode()
    sys.exit("there is no agent")


def metrics(address):
    with urllib.request.urlopen(f"http://{address}/metrics") as response:
        rows = response.read().decode().splitlines()
    return {row.rpartition(" ")[0]: float(row.rpartition(" ")[2]) for row in rows if not row.startswith("#")}


def probes(page):
    return sum(value for name, value in page.items() if name.startswith("sonde_probes_total"))


def lateness(before, after):
    """Milliseconds within which 99 % of the probes started; an upper bound, from buckets."""
    prefix = 'sonde_probe_lateness_seconds_bucket{le="'
    bounds = [(name[len(prefix) :].split('"')[0], name) for name in after if name.startswith(prefix)]
    total = after["sonde_probe_lateness_seconds_count"] - before["sonde_probe_lateness_seconds_count"]
    for bound, name in sorted(bounds, key=lambda pair: float(pair[0].replace("+Inf", "inf"))):
        if after[name] - before.get(name, 0) >= 0.99 * total:
            return float(bound.replace("+Inf", "inf")) * 1_000
    return float("inf")


def measured(data, seconds):
    """Cores, megabytes, probes a second and lateness of the agent over a span."""
    agent, address = agent_of(data)
    before, cpu, start = metrics(address), agent.cpu_seconds, time.monotonic()
    time.sleep(seconds)
    cpu, span, after = agent.cpu_seconds - cpu, time.monotonic() - start, metrics(address)
    failed = sum(
        after[name] - before.get(name, 0) for name in after if name.startswith("sonde_probes_total") and "success" not in name
    )
    count = probes(after) - probes(before)
    print(f"{count / span:.0f} probes/s, {failed:.0f} failed, {cpu / count * 1e6:.1f} us of processor time each", flush=True)
    return cpu / span, agent.megabytes, count / span, lateness(before, after), cpu / count


def echoes(release):
    with tempfile.TemporaryDirectory() as folder:
        settings = "ORCHESTRATOR_MAX_TARGETS=20000\nPROBE_AGENT_MAX_PROBES=20000\n"
        installation = Installation(release, folder, UNLIMITED + settings)
        try:
            check = {"type": "icmp", "interval_ms": 1_000, "timeout_ms": 1_000}
            for number in range(ECHO_TARGETS):
                address = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
                installation.call("/targets", {"address": address, "checks": [check]})
            time.sleep(WARM_UP_SECONDS)
            cores, megabytes, rate, late, cost = measured(f"{folder}/data", SECONDS)
        finally:
            installation.stop()
    line("agent, 10,000 echoes/s, cores/limit", cores, 0.35, 0.35 / cores, 1)
    line("agent, 10,000 echoes/s, MiB/limit", megabytes, 100, 100 / megabytes, 1)
    line("agent, 10,000 echoes/s, rate/wanted", rate, ECHO_TARGETS, rate / ECHO_TARGETS, 0.99)
    line("agent, 10,000 echoes/s, p99 late ms", late, 2, 2 / late, 1)
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    count = 10
    command = ["fping", "-q", "-c", str(count), "-p", "1000", "-i", "0", "-g", "127.1.0.1", "127.1.39.16"]
    subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    fping = (end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime) / (ECHO_TARGETS * count)
    print(f"fping, which keeps nothing: {fping * 1e6:.1f} us an echo; the agent schedules, spools and sends: {cost * 1e6:.1f}")


class Servers:
    """What is probed: nginx over TLS and plain, and dnsmasq."""

    def __init__(self, folder):
        self.tls, self.plain, self.dns = free_port(), free_port(), free_port()
        self.certificate = f"{folder}/cert.pem"
        subprocess.run(
            f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
            f"-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout {folder}/key.pem -out {self.certificate}".split(),
            check=True,
            stderr=subprocess.DEVNULL,
        )
        configuration = pathlib.Path(folder, "nginx.conf")
        configuration.write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error; events {{}}\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body; server {{ listen 127.0.0.1:{self.plain};"
            f"listen 127.0.0.1:{self.tls} ssl; ssl_protocols TLSv1.3; ssl_certificate {self.certificate};"
            f"ssl_certificate_key {folder}/key.pem; location / {{ return 200 ok; }} }} }}"
        )
        commands = [
            ["/usr/sbin/nginx", "-p", folder, "-c", str(configuration), "-e", f"{folder}/error"],
            f"/usr/sbin/dnsmasq --no-daemon --no-resolv --no-hosts --bind-interfaces --listen-address=127.0.0.1 --user=root "
            f"--port={self.dns} --address=/a.example/192.0.2.1 --conf-file=/dev/null --log-facility=/dev/null".split(),
        ]
        self.processes = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for command in commands]

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()


def beside_blackbox(data, folder, servers):
    """Processor time of one probe, the agent's and blackbox_exporter's, both within the same span: what else the machine
    is busy with makes either dearer. blackbox_exporter gets the same mix at the same pace.
    """
    configuration = pathlib.Path(folder, "blackbox.yml")
    configuration.write_text(
        "modules:\n"
        "  icmp: {prober: icmp, timeout: 3s, icmp: {preferred_ip_protocol: ip4}}\n"
        "  tcp: {prober: tcp, timeout: 3s, tcp: {preferred_ip_protocol: ip4}}\n"
        "  http: {prober: http, timeout: 3s, http: {preferred_ip_protocol: ip4,"
        f" tls_config: {{ca_file: {servers.certificate}}}}}}}\n"
        "  dns: {prober: dns, timeout: 3s, dns: {query_name: a.example, query_type: A, preferred_ip_protocol: ip4}}\n"
    )
    port = free_port()
    command = ["prometheus-blackbox-exporter", f"--config.file={configuration}", f"--web.listen-address=127.0.0.1:{port}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        targets = {
            "icmp": "127.0.0.1",
            "tcp": f"127.0.0.1:{servers.plain}",
            "http": f"https://127.0.0.1:{servers.tls}/",
            "dns": f"127.0.0.1:{servers.dns}",
        }
        paths = [f"/probe?module={kind}&target={target}" for kind, target in targets.items()]

        def ask(share, pause=0):
            """One after another, `pause` seconds apart, as a Prometheus that spreads its scrapes would."""
            connection = http.client.HTTPConnection("127.0.0.1", port)
            successes, start = 0, time.monotonic()
            for number in range(share):
                time.sleep(max(0, start + number * pause - time.monotonic()))
                connection.request("GET", paths[number % len(paths)])
                successes += b"probe_success 1" in connection.getresponse().read()
            return successes

        deadline = time.monotonic() + 10
        while True:
            try:
                ask(len(paths))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
        blackbox = Process(process.pid)
        agent, address = agent_of(data)
        before, cpu, count = blackbox.cpu_seconds, agent.cpu_seconds, probes(metrics(address))
        successes = ask(2 * MIXED_CHECKS, MIXED_SECONDS / MIXED_CHECKS)
        peer = (blackbox.cpu_seconds - before) / (MIXED_CHECKS * 2)
        own = (agent.cpu_seconds - cpu) / (probes(metrics(address)) - count)
        print(f"blackbox_exporter: {successes} of {2 * MIXED_CHECKS} probes succeeded")
        return own, peer
    finally:
        process.terminate()
        process.wait()


def mixed(release):
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers(folder)
        installation = Installation(release, folder, UNLIMITED + f"PROBE_AGENT_AUTHORITIES={servers.certificate}\n")
        try:
            options = [
                ("icmp", {}),
                ("tcp", {"port": servers.plain}),
                ("http", {"url": f"https://127.0.0.1:{servers.tls}/"}),
                ("dns", {"resolver": f"127.0.0.1:{servers.dns}", "query": "a.example"}),
            ]
            checks = [
                {"type": kind, "interval_ms": MIXED_SECONDS * 1_000, "timeout_ms": 3_000, "options": option}
                for kind, option in options
            ]
            for number in range(MIXED_CHECKS // len(checks)):
                installation.call("/targets", {"address": "127.0.0.1", "name": f"target {number}", "checks": checks})
            time.sleep(WARM_UP_SECONDS)
            cores, megabytes, *_ = measured(f"{folder}/data", MIXED_SECONDS)
            own, peer = beside_blackbox(f"{folder}/data", folder, servers)
        finally:
            installation.stop()
            servers.stop()
    line("agent, 1,000 checks/10 s, cores/limit", cores, 0.1, 0.1 / cores, 1)
    line("agent, 1,000 checks/10 s, MiB/limit", megabytes, 60, 60 / megabytes, 1)
    line("agent, us a probe/blackbox", own * 1e6, peer * 1e6, peer / own, 2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", required=True)
    parser.add_argument("--inside", action="store_true")
    options = parser.parse_args()
    if os.geteuid() == 0 and not options.inside:
        prepare = "ip link set lo up; sysctl --quiet --write net.ipv4.ping_group_range='0 2147483647'; exec \"$@\""
        inside = [sys.executable, __file__, "--release", options.release, "--inside"]
        os.execvp("unshare", ["unshare", "--net", "bash", "-c", prepare, "bash", *inside])
    echoes(options.release)
    mixed(options.release)
    sys.exit(isShort)


if __name__ == "__main__":
    main()
