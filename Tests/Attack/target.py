"""The server under attack: how it is reached, whether it lives, and what it holds in memory."""

import argparse
import contextlib
import pathlib
import socket
import ssl
import sys
import time
import traceback
from urllib.parse import urlsplit

PATIENCE_SECONDS = 5
GROWTH_LIMIT_KIB = 32 * 1024


class Failed(Exception):
    """The server did something else than it should."""


def parser(description):
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--url", required=True, help="http://host:port, or https://host:port with --identity")
    options.add_argument("--identity", type=pathlib.Path, help="holds tls.crt, tls.key and ca.crt of a client")
    options.add_argument("--pid", type=int, action="append", default=[], help="a process whose memory is watched")
    options.add_argument("--only", default="", help="run only the cases whose name contains this")
    return options


class Target:
    def __init__(self, options):
        parts = urlsplit(options.url)
        self.host = parts.hostname
        self.port = parts.port
        self.authority = parts.netloc
        self.processes = options.pid
        self.tls = None
        if parts.scheme == "https":
            self.tls = ssl.create_default_context(cafile=options.identity / "ca.crt")
            self.tls.load_cert_chain(options.identity / "tls.crt", options.identity / "tls.key")
            self.tls.check_hostname = False
            self.tls.set_alpn_protocols(["h2"])

    def connect(self, receive_buffer=None):
        connection = socket.socket(socket.AF_INET)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect((self.host, self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(connection, server_hostname=self.host) if self.tls else connection

    def memory_kib(self):
        """Resident memory of all processes that were named."""
        total = 0
        for process in self.processes:
            lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
            total += int(next(line for line in lines if line.startswith("VmRSS")).split()[1])
        return total

    @contextlib.contextmanager
    def bounded_memory(self, limit_kib=GROWTH_LIMIT_KIB):
        """Fails when the server holds much more at the end of the block than at its beginning."""
        before = self.memory_kib()
        yield
        growth = self.memory_kib() - before
        if growth > limit_kib:
            raise Failed(f"memory grew by {growth // 1024} MiB")


def run(cases, alive, only=""):
    """Runs named cases, each followed by a proper request; ends the program."""
    passed = failed = 0
    for name, case in cases:
        if only not in name:
            continue
        started = time.monotonic()
        try:
            case()
            alive()
        except Exception as error:
            failed += 1
            reason = str(error) if isinstance(error, Failed) else traceback.format_exc()
            print(f"FAILED  {name}: {reason}", flush=True)
        else:
            passed += 1
            seconds = time.monotonic() - started
            print(f"ok      {name}" + (f" ({seconds:.1f} s)" if seconds > 1 else ""), flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
