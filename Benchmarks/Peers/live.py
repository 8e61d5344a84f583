"""How long a row takes from the end of its probe to a WebSocket client, at 1,000 rows a second.

Usage: live.py --release DIRECTORY. Starts a whole Sonde on a free port and an empty data directory, lets its agent probe
200 loopback addresses five times a second, follows the live stream, and compares the end of each probe (its timestamp
and latency) with the moment its message is read. Both clocks are this machine's. Ends with one line, as all benchmarks
do; exits 1 when it falls short. It lasts about half a minute.
"""

import argparse
import base64
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

TARGETS = 200
INTERVAL_MILLISECONDS = 200
WARM_UP_SECONDS = 5
SECONDS = 15
LIMIT_MILLISECONDS = 50

# One person adds thousands of targets here, as fast as they are taken.
UNLIMITED = """GATEWAY_PERSON_RATE=1000000:1000000
GATEWAY_TENANT_RATE=1000000:1000000
GATEWAY_ADDRESS_RATE=1000000:1000000
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Installation:
    """A running `sonde up` with these settings, and calls to its API."""

    def __init__(self, release, folder, settings=UNLIMITED):
        self.port = free_port()
        self.log, file = pathlib.Path(folder, "up.log"), pathlib.Path(folder, "settings")
        file.touch(mode=0o600)
        file.write_text(settings)
        command = [f"{release}/sonde", "up", "--data", f"{folder}/data", "--port", str(self.port), "--config", str(file)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while "shown this once" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"sonde up did not start:\n{self.log.read_text()}")
            time.sleep(0.1)
        line = next(line for line in self.log.read_text().splitlines() if "with the password" in line)
        self.token = None
        tokens = self.call("/auth/login", {"email": "admin@localhost", "password": line.split()[-1]})
        self.token = tokens["access_token"]

    def call(self, path, body):
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        url = f"http://127.0.0.1:{self.port}/api/v1{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


class Stream:
    """The live stream: JSON-RPC over a WebSocket."""

    def __init__(self, port, token):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(4_096)
        self.buffer = self.buffer.partition(b"\r\n\r\n")[2]
        self.send({"jsonrpc": "2.0", "id": 1, "method": "stream.authenticate", "params": {"token": token}})
        self.send({"jsonrpc": "2.0", "id": 2, "method": "stream.subscribe", "params": {}})

    def send(self, message):
        data = json.dumps(message).encode()
        mask = os.urandom(4)
        size = bytes([128 | len(data)]) if len(data) < 126 else bytes([254]) + struct.pack(">H", len(data))
        self.socket.sendall(b"\x81" + size + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)))

    def take(self, count):
        while len(self.buffer) < count:
            piece = self.socket.recv(1 << 16)
            if not piece:
                sys.exit("the stream ended")
            self.buffer += piece
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read(self):
        head = self.take(2)
        size = head[1]
        if size > 125:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        return self.take(size)


def delays(stream):
    """Milliseconds from the end of each probe to its message."""
    found = []
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < WARM_UP_SECONDS + SECONDS:
        data = stream.read()
        now = time.time() * 1_000
        message = json.loads(data)
        if message.get("method") != "stream.measurements" or elapsed < WARM_UP_SECONDS:
            continue
        columns = message["params"]["batch"]["columns"]
        for began, latency in zip(columns["timestamp"], columns["latency_ms"]):
            if latency is not None:
                found.append(now - began / 1_000 - latency)
    return sorted(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(options.release, folder)
        try:
            check = {"type": "icmp", "interval_ms": INTERVAL_MILLISECONDS, "timeout_ms": 1_000}
            for number in range(TARGETS):
                address = f"127.0.{1 + number // 250}.{1 + number % 250}"
                installation.call("/targets", {"address": address, "checks": [check]})
            found = delays(Stream(installation.port, installation.token))
        finally:
            installation.stop()
    rows = len(found) / SECONDS
    median, late = found[len(found) // 2], found[len(found) * 99 // 100]
    print(f"{rows:.0f} rows/s, half of them within {median:.1f} ms")
    is_enough = late <= LIMIT_MILLISECONDS and rows > 900
    ratio = LIMIT_MILLISECONDS / late
    print(f"probe to WebSocket, p99 ms {late:.1f} {LIMIT_MILLISECONDS} {ratio:.2f} 1 {'ok' if is_enough else 'SHORT'}")
    sys.exit(not is_enough)


if __name__ == "__main__":
    main()
