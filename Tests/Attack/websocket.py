#!/usr/bin/env python3
"""Sends the public WebSocket frames and messages that are broken, endless or not allowed (RFC 6455, RFC 8441).

    python3 Tests/Attack/websocket.py --url http://127.0.0.1:8080 --email admin@localhost --password ... --pid PID
"""

import contextlib
import json
import struct
import time
import urllib.request

import http2_wire
from target import PATIENCE_SECONDS, Failed, Target, parser, run
from websocket_wire import (
    ACCEPT, BINARY, CLOSE, CONTINUATION, FINAL, PING, PONG, TEXT, Socket, frame, handshake,
)

SIGN_IN_SECONDS = 10
MESSAGES_A_MINUTE = 100
LARGEST_MESSAGE = 65_536
REVOCATION_SECONDS = 60
PARSE, PARAMS, PERMISSION_DENIED, UNAUTHENTICATED = -32700, -32602, -32001, -32002
PROTOCOL_ERROR, NOT_SUPPORTED, NOT_UTF8, POLICY, TOO_LARGE = 1002, 1003, 1007, 1008, 1009

REFUSED_HANDSHAKES = {
    "without a key": ({"sec_websocket_key": None}, {400}),
    "with a short key": ({"sec_websocket_key": "c2hvcnQ="}, {400}),
    "with a key that is no Base64": ({"sec_websocket_key": "!" * 22 + "=="}, {400}),
    "of version 8": ({"sec_websocket_version": "8"}, {400, 426}),
    "without a version": ({"sec_websocket_version": None}, {400, 426}),
    "without an upgrade": ({"upgrade": None}, {400, 426}),
    "without connection": ({"connection": None}, {400, 426}),
    "with another upgrade": ({"upgrade": "pony"}, {400, 426}),
    "by POST": ({"line": "POST /ws/stream HTTP/1.1", "content_length": "0"}, {400, 405}),
    "in HTTP/1.0": ({"line": "GET /ws/stream HTTP/1.0"}, {400, 426, 505}),
    "from another site": ({"origin": "https://evil.example"}, {403}),
    "from null": ({"origin": "null"}, {403}),
    "from an empty origin": ({"origin": ""}, {403}),
    "from a site whose name begins like this one": ({"origin": "http://{authority}.evil.example"}, {403}),
    "from a site whose name ends like this one": ({"origin": "http://evil-{authority}"}, {403}),
    "from another port": ({"origin": "http://{host}:1"}, {403}),
    "from another scheme": ({"origin": "file://{authority}"}, {403}),
    "from two origins": ({"fields": ["origin: http://{authority}", "origin: https://evil.example"]}, {400, 403}),
}

BROKEN_FRAMES = {
    "an unmasked frame (5.1)": (frame(TEXT, b"{}", masked=False), PROTOCOL_ERROR),
    **{f"reserved bit {bit:#x} (5.2)": (frame(TEXT, b"{}", first=FINAL | bit), PROTOCOL_ERROR) for bit in (64, 32, 16)},
    **{f"opcode {code} (5.2)": (frame(code, b"x"), PROTOCOL_ERROR) for code in (3, 7, 11, 15)},
    "a control frame in fragments (5.5)": (frame(PING, b"x", first=0), PROTOCOL_ERROR),
    "a control frame of 126 bytes (5.5)": (frame(PING, b"x" * 126), PROTOCOL_ERROR),
    "a continuation of nothing (5.4)": (frame(CONTINUATION, b"x"), PROTOCOL_ERROR),
    "a message within a message (5.4)": (frame(TEXT, b"x", first=0) + frame(TEXT, b"y"), PROTOCOL_ERROR),
    "a length that is negative (5.2)": (frame(TEXT, length=1 << 63), PROTOCOL_ERROR),
    "text that is no UTF-8 (8.1)": (frame(TEXT, b"\xff\xfe"), NOT_UTF8),
    "text with a surrogate (8.1)": (frame(TEXT, b"\xed\xa0\x80"), NOT_UTF8),
    "text that is cut within a character (8.1)": (frame(TEXT, b"\xe2\x82"), NOT_UTF8),
    "fragments that are no UTF-8 (8.1)": (frame(TEXT, b"\xe2", first=0) + frame(CONTINUATION, b"\xff"), NOT_UTF8),
    "a close of one byte (5.5.1)": (frame(CLOSE, b"\x03"), PROTOCOL_ERROR),
    "a close whose reason is no UTF-8 (5.5.1)": (frame(CLOSE, b"\x03\xe8\xff"), NOT_UTF8),
    **{f"close code {code} (7.4)": (frame(CLOSE, struct.pack(">H", code)), PROTOCOL_ERROR)
       for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)},
    "a message over the limit": (frame(TEXT, b" " * (LARGEST_MESSAGE + 1)), TOO_LARGE),
    "a message that says it is 4 GiB": (frame(TEXT, b" ", length=1 << 32), TOO_LARGE),
    "fragments over the limit": (
        frame(TEXT, b" " * 40_000, first=0) + frame(CONTINUATION, b" " * 40_000, first=0), TOO_LARGE,
    ),
    "a binary message": (frame(BINARY, b"{}"), NOT_SUPPORTED),
}


def refuses_handshake(target, changes, statuses):
    def fill(value):
        return value.format(authority=target.authority, host=target.host) if isinstance(value, str) else value

    filled = {name: [fill(item) for item in value] if isinstance(value, list) else fill(value)
              for name, value in changes.items()}
    with Socket(target, handshake(target, **filled)) as socket:
        if socket.status not in statuses:
            raise Failed(f"answered with {socket.status}")


def opens(target, **changes):
    with Socket(target, handshake(target, **changes)) as socket:
        if socket.status != 101:
            raise Failed(f"answered with {socket.status}")
        if f"sec-websocket-accept: {ACCEPT}" not in socket.head:
            raise Failed("the key is not accepted as it should be")
        if "sec-websocket-extensions" in socket.head:
            raise Failed("an extension was agreed on")


def ends(target, data, wanted):
    with Socket(target) as socket:
        socket.send(data)
        code = socket.close_code()
    if code not in (wanted, None):
        raise Failed(f"closed with {code}, not {wanted}")


def echoes(target, data, wanted):
    """The first frame that comes back."""
    with Socket(target) as socket:
        socket.send(data)
        found = socket.read()
    if found != wanted:
        raise Failed(f"answered {found}, not {wanted}")


def answers(target, text, code, in_bytes=False):
    with Socket(target) as socket:
        data = frame(TEXT, text.encode())
        for piece in [data[index:index + 1] for index in range(len(data))] if in_bytes else [data]:
            socket.send(piece)
        found = socket.read()
    if found is None or found[0] != TEXT or json.loads(found[1]).get("error", {}).get("code") != code:
        raise Failed(f"answered {found}")


def waits_for_sign_in(target):
    """Who does not sign in is sent away, whatever else they send."""
    with Socket(target) as silent, Socket(target) as busy:
        started = time.monotonic()
        for socket in (silent, busy):
            socket.socket.settimeout(SIGN_IN_SECONDS + 3)
        busy.send(frame(PING, b"still here"))
        codes = [silent.close_code(), busy.close_code()]
        seconds = time.monotonic() - started
    if codes != [POLICY] * 2 or seconds > SIGN_IN_SECONDS + 3:
        raise Failed(f"closed with {codes} after {seconds:.0f} s")


def too_many_messages(target):
    with Socket(target) as socket:
        for _ in range(MESSAGES_A_MINUTE + 5):
            socket.send(frame(TEXT, b"{}"))
        code = socket.close_code()
    if code not in (POLICY, None):
        raise Failed(f"closed with {code}")


def floods(target, data, seconds=3, reads=False):
    """As many frames as go through; the server may end it or bear it."""
    with target.bounded_memory(), Socket(target, receive_buffer=4_096) as socket:
        socket.socket.settimeout(0.1)
        deadline = time.monotonic() + seconds
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < deadline and socket.send(data * 1_000):
                while reads and socket.socket.recv(65_536):
                    pass


def many_sockets(target):
    """Sockets of people who never sign in, each with most of a message; three times that is what it may cost."""
    with target.bounded_memory(300 * 180), contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(Socket(target)) for _ in range(300)]
        for socket in sockets:
            socket.send(frame(TEXT, b" " * 60_000, first=0))
        opens(target)


def over_http2(target):
    """The same over HTTP/2, where CONNECT opens the tunnel."""
    with http2_wire.Connection(target) as connection:
        stream = connection.stream()
        fields = [
            (b":method", b"CONNECT"), (b":protocol", b"websocket"), (b":scheme", b"http"),
            (b":authority", target.authority.encode()), (b":path", b"/ws/stream"), (b"sec-websocket-version", b"13"),
        ]
        connection.send(http2_wire.frame(
            http2_wire.HEADERS, http2_wire.END_HEADERS, stream, http2_wire.block(fields)))
        if connection.status(stream) != 200:
            raise Failed("not opened")
        connection.send(http2_wire.frame(http2_wire.DATA, 0, stream, frame(PING, b"hello")))
        while True:
            kind, _, number, payload = connection.read()
            if (kind, number) == (http2_wire.DATA, stream):
                break
    if payload != bytes([FINAL | PONG, 5]) + b"hello":
        raise Failed(f"answered {payload!r} to a ping")


def leaves_others_alone(target):
    """One client that comes and goes costs no other client its socket."""
    with Socket(target) as steady:
        for _ in range(300):
            with Socket(target) as visitor:
                if visitor.status != 101:
                    raise Failed(f"a visitor is answered with {visitor.status}")
        steady.send(frame(PING, b"hello"))
        if steady.read() != (PONG, b"hello"):
            raise Failed("the steady client was cut off")


def ends_soon(socket):
    """Whatever is sent meanwhile, the server closes as it does for people whose sign-in ends."""
    deadline = time.monotonic() + REVOCATION_SECONDS
    socket.socket.settimeout(REVOCATION_SECONDS)
    code = socket.close_code()
    if code != POLICY or time.monotonic() > deadline:
        raise Failed(f"closed with {code}")


class Account:
    def __init__(self, target, options):
        self.target = target
        self.url = f"{options.url}/api/v1"
        self.token = None
        self.token = self.post("/auth/login", {"email": options.email, "password": options.password})["access_token"]

    def ask(self, method, path, body=None):
        fields = {"content-type": "application/json"}
        if self.token:
            fields["authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, fields, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return response.read()

    def post(self, path, body):
        return json.loads(self.ask("POST", path, body))

    def signed_in(self, token=None):
        socket = Socket(self.target)
        if "result" not in socket.call("stream.authenticate", {"token": token or self.token}):
            raise Failed("cannot sign in")
        return socket

    @contextlib.contextmanager
    def program(self, **changes):
        """An API token and its id, until the end."""
        made = self.post("/tokens", {"name": "attack", "role": "viewer", **changes})
        try:
            yield made["token"], made["details"]["id"]
        finally:
            self.ask("DELETE", f"/tokens/{made['details']['id']}")

    def arrives(self, token):
        return Socket(self.target, handshake(self.target, authorization=f"Bearer {token}"))

    def follows(self, in_request):
        with self.program(scopes=["measurement:read"]) as (token, _):
            with self.arrives(token) if in_request else self.signed_in(token) as socket:
                if "result" not in socket.call("stream.subscribe", {}):
                    raise Failed("cannot subscribe")

    def stays_out(self, token, status, code):
        with self.arrives(token) as socket:
            if socket.status != status:
                raise Failed(f"answered with {socket.status}")
        with Socket(self.target) as socket:
            answer = socket.call("stream.authenticate", {"token": token})
            if answer.get("error", {}).get("code") != code:
                raise Failed(f"answered {answer}")

    def stays_out_by_scope(self):
        with self.program(scopes=["target:write"], role="editor") as (token, _):
            self.stays_out(token, 403, PERMISSION_DENIED)

    def ends_with_token(self, in_request):
        with self.program() as (token, number):
            with self.arrives(token) if in_request else self.signed_in(token) as socket:
                socket.call("stream.subscribe", {})
                self.ask("DELETE", f"/tokens/{number}")
                ends_soon(socket)
            self.stays_out(token, 401, UNAUTHENTICATED)

    def ends_when_token_does(self):
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
        with self.program(expires_at=end) as (token, _):
            with self.arrives(token) as socket:
                if "result" not in socket.call("stream.subscribe", {}):
                    raise Failed("cannot subscribe")
                ends_soon(socket)
            self.stays_out(token, 401, UNAUTHENTICATED)

    def refuses(self, method, params, code):
        with self.signed_in() as socket:
            answer = socket.call(method, params)
        if answer.get("error", {}).get("code") != code:
            raise Failed(f"answered {answer}")

    def subscribes(self):
        with self.signed_in() as socket:
            for params in ({}, {"target_ids": []}, {"cursor": 0}, {"cursor": 1 << 62}):
                if "result" not in socket.call("stream.subscribe", params):
                    raise Failed(f"cannot subscribe with {params}")

    def sees_nothing_of_others(self):
        """A target that nobody has is one that somebody else has, as far as anyone can tell."""
        with self.signed_in() as socket:
            answer = socket.call("stream.subscribe", {"target_ids": ["tgt_none", "*", "../../x"]})
            if "result" not in answer and answer["error"]["code"] != PARAMS:
                raise Failed(f"answered {answer}")
            socket.socket.settimeout(2)
            with contextlib.suppress(TimeoutError):
                raise Failed(f"was sent {socket.read()}")


def cases(target, options):
    yield "opens without an origin", lambda: opens(target)
    yield "opens for its own page", lambda: opens(target, origin=f"http://{target.authority}")
    yield "agrees on no compression", lambda: opens(target, sec_websocket_extensions="permessage-deflate")
    yield "opens over HTTP/2", lambda: over_http2(target)
    for name, (changes, statuses) in REFUSED_HANDSHAKES.items():
        yield f"does not open {name}", lambda changes=changes, statuses=statuses: refuses_handshake(
            target, changes, statuses)
    for name, (data, code) in BROKEN_FRAMES.items():
        yield f"ends for {name}", lambda data=data, code=code: ends(target, data, code)
    yield "answers a ping", lambda: echoes(target, frame(PING, b"hello"), (PONG, b"hello"))
    yield "answers a ping within a message", lambda: echoes(
        target, frame(TEXT, b"[", first=0) + frame(PING, b"x") + frame(CONTINUATION, b"]"), (PONG, b"x"))
    for code in (1000, 1001, 1011, 3000, 4999):
        body = struct.pack(">H", code) + "Grüße".encode()
        yield f"answers a close with {code}", lambda body=body: echoes(target, frame(CLOSE, body), (CLOSE, body))
    yield "answers what is no JSON", lambda: answers(target, "{", PARSE)
    yield "takes a message byte by byte", lambda: answers(target, "{", PARSE, in_bytes=True)
    subscribe = '{"jsonrpc":"2.0","id":1,"method":"stream.subscribe","params":{}}'
    yield "shows nothing to strangers", lambda: answers(target, subscribe, UNAUTHENTICATED)
    wrong = '{"jsonrpc":"2.0","id":1,"method":"stream.authenticate","params":{"token":"a.b.c"}}'
    yield "takes no token that is none", lambda: answers(target, wrong, UNAUTHENTICATED)
    yield "sends away who does not sign in", lambda: waits_for_sign_in(target)
    yield "takes a hundred messages a minute", lambda: too_many_messages(target)
    yield "bears a flood of pings", lambda: floods(target, frame(PING, b"x" * 125))
    yield "bears a flood of pings whose answers are read", lambda: floods(target, frame(PING, b""), reads=True)
    yield "bears a flood of pongs", lambda: floods(target, frame(PONG, b"x" * 125))
    endless = frame(CONTINUATION, b"", first=0)
    yield "bears a message without end", lambda: floods(target, frame(TEXT, b"", first=0) + endless)
    yield "keeps a socket while others come and go", lambda: leaves_others_alone(target)
    yield "bears three hundred strangers", lambda: many_sockets(target)
    account = Account(target, options)
    yield "lets subscribe who signed in", account.subscribes
    yield "shows nothing of others", account.sees_nothing_of_others
    for place, in_request in (("in its request", True), ("in a message", False)):
        yield f"lets a program subscribe with its token {place}", lambda place=in_request: account.follows(place)
        yield f"ends with a program's token that came {place}", lambda place=in_request: account.ends_with_token(place)
    yield "ends when a program's token runs out", account.ends_when_token_does
    yield "keeps out a token whose scopes are about something else", account.stays_out_by_scope
    yield "keeps out a program's token that is none", lambda: account.stays_out(
        "sonde_" + "A" * 43, 401, UNAUTHENTICATED)
    yield "takes no more than 1,000 targets", lambda: account.refuses(
        "stream.subscribe", {"target_ids": ["tgt_0"] * 1_001}, PARAMS)
    yield "takes no cursor that is none", lambda: account.refuses("stream.subscribe", {"cursor": "x"}, PARAMS)


def main():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--email", required=True)
    options.add_argument("--password", required=True)
    options = options.parse_args()
    target = Target(options)
    run(cases(target, options), lambda: opens(target), options.only)


if __name__ == "__main__":
    main()
