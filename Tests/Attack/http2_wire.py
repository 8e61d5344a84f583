"""HTTP/2 by hand (RFC 9113, RFC 7541): frames and header blocks as no library would send them."""

import struct
import time

import hpack

from target import Failed

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 32
INITIAL_WINDOW_SIZE = 4
LARGEST_WINDOW = (1 << 31) - 1


class Reset(Exception):
    """The server reset the stream, with this code."""


class Ended(Exception):
    """The server ended the connection, with this code, or `None` when it just closed."""


def frame(kind, flags, stream, payload=b"", length=None):
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", name, value) for name, value in pairs))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def integer(value, bits, first):
    """An integer with a prefix of so many bits, in which `first` marks what it is (RFC 7541, section 5.1)."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    encoded = bytes([first | limit])
    value -= limit
    while value >= 128:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


def literal(name, value, indexed=False):
    first = b"\x40" if indexed else b"\x00"
    return first + integer(len(name), 7, 0) + name + integer(len(value), 7, 0) + value


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


class Connection:
    """One connection, on which anything may be sent."""

    def __init__(self, target, pairs=(), receive_buffer=None):
        self.target = target
        self.socket = target.connect(receive_buffer)
        self.next_stream = 1
        self._received = b""
        self._decoder = hpack.Decoder()
        self._responses = {}
        self.send(PREFACE + settings(*pairs))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends bytes; that the server has closed meanwhile shows when its answer is read."""
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise Failed("the server takes no more, and does not close") from None
        except OSError:
            return False
        return True

    def stream(self):
        self.next_stream += 2
        return self.next_stream - 2

    def head(self, *extra, path=b"/rpc", method=b"POST"):
        """The fields of a proper request, and more."""
        return [
            (b":method", method), (b":scheme", b"http"), (b":authority", self.target.authority.encode()),
            (b":path", path), (b"content-type", b"application/json"), *extra,
        ]

    def request(self, fields, body=b"[]"):
        stream = self.stream()
        data = frame(HEADERS, END_HEADERS | (0 if body else END_STREAM), stream, block(fields))
        self.send(data + (frame(DATA, END_STREAM, stream, body) if body else b""))
        return stream

    def status(self, stream):
        """Waits for the status of a stream; raises `Reset` or `Ended`."""
        while stream not in self._responses:
            self._handle(*self.read())
        outcome = self._responses[stream]
        if isinstance(outcome, Reset):
            raise outcome
        return outcome

    def until_ended(self, seconds=5):
        """Waits for the server to end the connection; returns its code, or `None`."""
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                self._handle(*self.read())
        except Ended as end:
            return end.args[0]
        except TimeoutError:
            pass
        raise Failed("the server goes on with the connection")

    def _handle(self, kind, flags, stream, payload):
        if kind == HEADERS:
            fields = dict(self._decoder.decode(payload, raw=True))
            self._responses.setdefault(stream, int(fields.get(b":status", b"0")))
        elif kind == RST_STREAM:
            self._responses.setdefault(stream, Reset(struct.unpack(">I", payload)[0]))
        elif kind == GOAWAY:
            code = struct.unpack(">I", payload[4:8])[0]
            if code:
                raise Ended(code)
        elif kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))

    def read(self):
        """The next frame of the server: its kind, flags, stream and payload."""
        head = self._take(9)
        size = int.from_bytes(head[:3], "big")
        return head[3], head[4], int.from_bytes(head[5:9], "big"), self._take(size)

    def _take(self, count):
        while len(self._received) < count:
            try:
                piece = self.socket.recv(65_536)
            except TimeoutError:
                raise
            except OSError:
                raise Ended(None) from None
            if not piece:
                raise Ended(None)
            self._received += piece
        taken, self._received = self._received[:count], self._received[count:]
        return taken
