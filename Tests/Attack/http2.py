#!/usr/bin/env python3
"""Sends a server HTTP/2 that is broken, endless or stalled (RFC 9113 and the attacks that were published).

    python3 Tests/Attack/http2.py --url http://127.0.0.1:8080 --pid PID
    python3 Tests/Attack/http2.py --url https://127.0.0.1:8443 --identity DIR --pid PID

Every case must be refused, leave the server alive, and cost it no more than 32 MiB.
"""

import contextlib
import time

import http2_cases
from http2_wire import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, RST_STREAM, Connection, Ended, Reset,
    block, frame, integer, literal, window_update,
)
from target import Failed, Target, parser, run

FLOOD_FRAMES = 200_000
STALL_SECONDS = 30
CALM = 11


def alive(target):
    with Connection(target) as connection:
        status = connection.status(connection.request(connection.head()))
    if status != 200:
        raise Failed(f"a proper request is answered with {status}")


def ends_connection(target, make):
    with Connection(target) as connection:
        connection.send(make(connection))
        connection.until_ended()


def refuses(target, make, body=b"[]"):
    """The request must be answered with an error, or its stream or connection ended."""
    with Connection(target) as connection, contextlib.suppress(Reset, Ended):
        status = connection.status(connection.request(make(connection), body))
        if not 400 <= status < 500:
            raise Failed(f"answered with {status}")


def flood(target, frames, opening=lambda connection: b"", limit=FLOOD_FRAMES, calm=True):
    """Sends frames, made for one stream after another, until the server ends the connection."""
    with target.bounded_memory(), Connection(target) as connection:
        connection.socket.settimeout(10)
        connection.send(opening(connection))
        sent = 0
        while sent < limit and connection.send(b"".join(frames(connection) for _ in range(100))):
            sent += 100
        code = connection.until_ended()
        if calm and code not in (CALM, None):
            raise Failed(f"ended with code {code}")


def resets(target, provocation):
    """Requests that the server is made to reset: it must lose patience."""
    def request(connection):
        stream = connection.stream()
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, block(connection.head())) + provocation(stream)

    flood(target, request, calm=False)


def rapid_reset(target):
    resets(target, lambda stream: frame(RST_STREAM, 0, stream, bytes([0, 0, 0, 8])))


def simple_flood(target, make):
    flood(target, lambda connection: make(1), opening=http2_cases.opened)


def noise(target, make):
    """Frames without a meaning may go on; a request beside them is answered."""
    with target.bounded_memory(), Connection(target) as connection, contextlib.suppress(Ended):
        connection.send(http2_cases.opened(connection))
        for _ in range(FLOOD_FRAMES // 1_000):
            connection.send(make(1) * 1_000)
        connection.stream()
        if connection.status(connection.request(connection.head())) != 200:
            raise Failed("a request beside them fails")


def continuation_flood(target, payload):
    flood(
        target,
        lambda connection: frame(CONTINUATION, 0, 1, payload),
        opening=lambda connection: frame(HEADERS, 0, 1, block(connection.head())),
        calm=False,
    )


def in_frames(stream, header_block):
    """A header block in as few frames as may be."""
    pieces = [header_block[start:start + 16_384] for start in range(0, len(header_block), 16_384)]
    frames = [frame(HEADERS if index == 0 else CONTINUATION, END_STREAM if index == 0 else 0, stream, piece)
              for index, piece in enumerate(pieces[:-1])]
    flags = END_HEADERS | (END_STREAM if len(pieces) == 1 else 0)
    return b"".join(frames) + frame(CONTINUATION if frames else HEADERS, flags, stream, pieces[-1])


def header_bomb(target, make, count=50):
    """Heads that are far larger than the limits, or become so when they are decoded."""
    with target.bounded_memory(), Connection(target) as connection, contextlib.suppress(Ended):
        for _ in range(count):
            stream = connection.stream()
            connection.send(in_frames(stream, block(connection.head()) + make(connection)))
            with contextlib.suppress(Reset):
                status = connection.status(stream)
                if status not in (400, 431):
                    raise Failed(f"answered with {status}")


def indexed(size, count):
    """A field that is put into the dynamic table once, and then named by one byte each."""
    return lambda connection: literal(b"x" if size else b"cookie", b"a" * max(size, 1), indexed=True) + b"\xbe" * count


def table_sizes(connection):
    return integer(0, 5, 0x20) + integer(4_096, 5, 0x20)


def one_too_many(target):
    """A hundred requests may be open; one more is refused."""
    with Connection(target) as connection:
        streams = [connection.stream() for _ in range(101)]
        for stream in streams:
            connection.send(frame(HEADERS, END_HEADERS, stream, block(connection.head())))
        try:
            status = connection.status(streams[-1])
        except (Reset, Ended):
            return
        raise Failed(f"answered with {status}")


def over_limit(target):
    """A body that grows over the limit without saying so."""
    with target.bounded_memory(), Connection(target) as connection, contextlib.suppress(Reset, Ended):
        stream = connection.stream()
        connection.send(frame(HEADERS, END_HEADERS, stream, block(connection.head())))
        piece = frame(DATA, 0, stream, b" " * 16_384)
        for _ in range(1_000):
            if not connection.send(piece):
                break
        if connection.status(stream) != 413:
            raise Failed("taken whole")


def zero_window(target):
    """Answers that may not be sent, as many as one connection can ask for."""
    with target.bounded_memory(), Connection(target, [(INITIAL_WINDOW_SIZE, 0)]) as connection:
        for _ in range(2_000):
            connection.request(connection.head(), b"[1,2,3]")
        alive(target)


def drip(target):
    """A window that grows by one byte at a time."""
    with target.bounded_memory(), Connection(target, [(INITIAL_WINDOW_SIZE, 0)]) as connection:
        streams = [connection.request(connection.head()) for _ in range(50)]
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            if not connection.send(b"".join(window_update(stream, 1) for stream in streams)):
                break
        alive(target)


def never_reads(target):
    """Requests for a long answer, of which no byte is taken."""
    with target.bounded_memory(), Connection(target, receive_buffer=4_096) as connection:
        connection.socket.settimeout(0.2)
        discover = b'{"jsonrpc":"2.0","method":"rpc.discover","id":1}'
        connection.send(window_update(0, (1 << 31) - 65_536))
        for _ in range(2_000):
            try:
                connection.request(connection.head(), discover)
            except Failed:
                break
        alive(target)


def stalls(target):
    """Nothing that makes no progress is kept longer than the limit."""
    openings = {
        "an answer without window": ([(INITIAL_WINDOW_SIZE, 0)], lambda c: http2_cases.opened(c)
                                     + frame(DATA, END_STREAM, 1, b"[]")),
        "a header block without end": ([], lambda c: frame(HEADERS, 0, 1, block(c.head()))),
        "a body without end": ([], lambda c: http2_cases.opened(c)),
    }
    with contextlib.ExitStack() as stack:
        connections = {}
        for name, (pairs, make) in openings.items():
            connections[name] = stack.enter_context(Connection(target, pairs))
            connections[name].send(make(connections[name]))
        started = time.monotonic()
        left = [name for name, connection in connections.items() if not is_given_up(connection, started)]
    if left:
        raise Failed(f"kept for over {STALL_SECONDS} s: {', '.join(left)}")


def is_given_up(connection, started):
    """Whether stream 1, or the connection, is ended in time."""
    # A head without end keeps the stream from being reset by itself, so the connection is watched too.
    while (left := started + STALL_SECONDS + 5 - time.monotonic()) > 0:
        connection.socket.settimeout(left)
        try:
            kind, _, stream, _ = connection.read()
        except (Ended, TimeoutError) as end:
            return isinstance(end, Ended)
        if kind == RST_STREAM and stream == 1:
            return True
    return False


def unfinished_preface(target):
    """Who says nothing that could be a protocol is not waited for."""
    if target.tls:
        return
    connections = [target.connect() for _ in range(20)]
    for connection in connections:
        connection.sendall(b"PRI * HT")
    deadline = time.monotonic() + 13
    for connection in connections:
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            connection.recv(1_000)
        except TimeoutError:
            raise Failed("still open") from None
        finally:
            connection.close()


def cases(target):
    for name, make in http2_cases.BROKEN_CONNECTIONS.items():
        yield f"ends the connection for {name}", lambda make=make: ends_connection(target, make)
    for name, fields in http2_cases.BROKEN_FIELDS.items():
        yield f"refuses {name}", lambda fields=fields: refuses(target, lambda c: c.head(*fields))
    for name, change in http2_cases.BROKEN_HEADS.items():
        yield f"refuses {name}", lambda change=change: refuses(target, lambda c: change(c.head()))
    yield "bears a rapid reset", lambda: rapid_reset(target)
    for name, make in http2_cases.PROVOCATIONS.items():
        yield f"bears resets of its own for {name}", lambda make=make: resets(target, make)
    for name, make in http2_cases.FLOODS.items():
        yield f"bears a flood of {name}", lambda make=make: simple_flood(target, make)
    for name, make in http2_cases.NOISE.items():
        yield f"bears {name}", lambda make=make: noise(target, make)
    yield "bears a flood of CONTINUATION", lambda: continuation_flood(target, literal(b"x", b"a" * 1_000))
    yield "bears a flood of empty CONTINUATION", lambda: continuation_flood(target, b"")
    yield "bears a value of 60 KiB", lambda: header_bomb(target, lambda c: literal(b"x", b"a" * 60_000))
    yield "bears 20,000 tiny fields", lambda: header_bomb(target, lambda c: literal(b"x", b"") * 20_000)
    yield "bears 40,000 cookie crumbs", lambda: header_bomb(target, indexed(0, 40_000))
    yield "bears 60 MiB in 16 KiB of indices", lambda: header_bomb(target, indexed(3_900, 16_000))
    yield "bears table sizes that change", lambda: header_bomb(target, lambda c: table_sizes(c) * 5_000)
    yield "takes a hundred streams and no more", lambda: one_too_many(target)
    yield "takes no body over the limit", lambda: over_limit(target)
    yield "holds little behind a closed window", lambda: zero_window(target)
    yield "bears a window that drips", lambda: drip(target)
    yield "holds back who never reads", lambda: never_reads(target)
    yield "waits for no unfinished preface", lambda: unfinished_preface(target)
    yield "gives up what stalls", lambda: stalls(target)


def main():
    options = parser(__doc__.splitlines()[0]).parse_args()
    target = Target(options)
    run(cases(target), lambda: alive(target), options.only)


if __name__ == "__main__":
    main()
