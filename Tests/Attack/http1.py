#!/usr/bin/env python3
"""Sends a public server HTTP/1.1 that is malformed, ambiguous or slow (RFC 9112; the cases of Http11Probe).

    python3 Tests/Attack/http1.py --url http://127.0.0.1:8080 --pid PID

Every case must be answered as the table says, or closed, and must leave the server alive and small.
"""

import re
import socket
import time

import http1_cases
from target import Failed, Target, parser, run

STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ")
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
HEAD_TIMEOUT_SECONDS = 10
SLOW_CONNECTIONS = 50


def answers(received, isHead=False):
    """The statuses of all answers in what a connection sent; chunked answers are not expected here."""
    found = []
    while received:
        status = STATUS.match(received)
        head, separator, rest = received.partition(b"\r\n\r\n")
        if not status or not separator:
            raise Failed(f"this is no answer: {received[:80]!r}")
        if int(status[1]) >= 200:
            found.append(int(status[1]))
        length = LENGTH.search(head + b"\r\n")
        received = rest[int(length[1]):] if length and not isHead else rest
    return found


def exchange(target, request):
    """Sends bytes; returns all that comes until the server closes, which it must."""
    received = b""
    with target.connect() as connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionResetError:
            pass
        except TimeoutError:
            raise Failed(f"the connection stays open after {received[:80]!r}") from None
    return received


def accepted(target, request, statuses):
    found = answers(exchange(target, request), isHead=request.startswith(b"HEAD"))
    if found != statuses:
        raise Failed(f"answered {found}, not {statuses}")


def refused(target, request, statuses):
    found = answers(exchange(target, request))
    if len(found) > 1 or (found and found[0] not in statuses):
        raise Failed(f"answered {found}, not one of {sorted(statuses)}")


def in_pieces(target):
    """A proper request means the same when each byte comes in a packet of its own."""
    with target.connect() as connection:
        for byte in http1_cases.ACCEPTED["chunks of one byte"][0]:
            connection.sendall(bytes([byte]))
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    if answers(received) != [200]:
        raise Failed(f"answered {received[:80]!r}")


def waits_for_continue(target):
    """The client waits for 100 Continue before its body."""
    with target.connect() as connection:
        connection.sendall(http1_cases.post(b"expect: 100-continue\r\ncontent-length: 2\r\n", b""))
        if not connection.recv(100).startswith(b"HTTP/1.1 100 "):
            raise Failed("no 100 Continue came")
        connection.sendall(b"[]")
        if not connection.recv(100).startswith(b"HTTP/1.1 200 "):
            raise Failed("the request was not answered")


def slow(target, first, byte):
    """Many connections send a byte now and then; each is ended in time, and others are served meanwhile."""
    connections = [target.connect() for _ in range(SLOW_CONNECTIONS)]
    deadline = time.monotonic() + HEAD_TIMEOUT_SECONDS + 3
    for connection in connections:
        connection.sendall(first)
        connection.setblocking(False)
    while connections and time.monotonic() < deadline:
        alive(target)
        connections = [connection for connection in connections if still_open(connection, byte)]
        time.sleep(0.5)
    for connection in connections:
        connection.close()
    if connections:
        raise Failed(f"{len(connections)} slow connections are still open")


def still_open(connection, byte):
    try:
        connection.send(byte)
        ended = connection.recv(4_096) == b""
    except BlockingIOError:
        return True
    except OSError:
        ended = True
    if ended:
        connection.close()
    return not ended


def holds_little(target):
    """Heads that never end, as large as they may be, on many connections."""
    head = b"GET /healthz HTTP/1.1\r\n" + b"x-a: " + b"a" * 16_000
    with target.bounded_memory():
        connections = [target.connect() for _ in range(500)]
        for connection in connections:
            connection.sendall(head)
        alive(target)
    for connection in connections:
        connection.close()


def never_reads(target):
    """Thousands of requests whose answers nobody takes."""
    request = b"GET /openapi.json HTTP/1.1\r\n" + http1_cases.HOST + b"\r\n"
    with target.bounded_memory(), target.connect(receive_buffer=4_096) as connection:
        connection.setblocking(False)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            try:
                connection.send(request * 100)
            except (BlockingIOError, socket.timeout):
                time.sleep(0.05)
            except OSError:
                break
        alive(target)


def alive(target):
    accepted(target, http1_cases.get(), [200])


def cases(target):
    for name, (request, statuses) in http1_cases.ACCEPTED.items():
        yield f"takes {name}", lambda request=request, statuses=statuses: accepted(target, request, statuses)
    for name, (request, statuses) in http1_cases.REFUSED.items():
        yield f"refuses {name}", lambda request=request, statuses=statuses: refused(target, request, statuses)
    yield "takes a request byte by byte", lambda: in_pieces(target)
    yield "says 100 Continue to who waits for it", lambda: waits_for_continue(target)
    yield "ends slow heads", lambda: slow(target, b"GET /healthz HTTP/1.1\r\nx-a: ", b"a")
    body = b"POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n"
    yield "ends slow bodies", lambda: slow(target, body, b" ")
    yield "holds little of heads that never end", lambda: holds_little(target)
    yield "holds back who never reads", lambda: never_reads(target)


def main():
    options = parser(__doc__.splitlines()[0]).parse_args()
    target = Target(options)
    run(cases(target), lambda: alive(target), options.only)


if __name__ == "__main__":
    main()
