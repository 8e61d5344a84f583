"""Broken frames and broken requests (RFC 9113, section numbers beside them)."""

import struct

from http2_wire import (
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, LARGEST_WINDOW, PADDED, PING, PRIORITY,
    PUSH_PROMISE, RST_STREAM, SETTINGS, WITH_PRIORITY, block, frame, integer, literal, settings, window_update,
)

SELF = struct.pack(">IB", 1, 15)


def opened(connection, ends=False):
    """A stream whose head is complete."""
    return frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), 1, block(connection.head()))


def closed():
    return frame(RST_STREAM, 0, 1, bytes([0, 0, 0, 8]))


# What ends the connection: bytes, from a connection that has sent its preface and settings.
BROKEN_CONNECTIONS = {
    "DATA on stream 0 (6.1)": lambda c: frame(DATA, 0, 0, b"x"),
    "DATA on an idle stream (5.1)": lambda c: frame(DATA, 0, 1, b"x"),
    "DATA with more padding than bytes (6.1)": lambda c: opened(c) + frame(DATA, PADDED, 1, b"\xff12"),
    "HEADERS on stream 0 (6.2)": lambda c: frame(HEADERS, END_HEADERS, 0, block(c.head())),
    "HEADERS on an even stream (5.1.1)": lambda c: frame(HEADERS, END_HEADERS, 2, block(c.head())),
    "HEADERS on a stream that was passed over (5.1.1)": lambda c: b"".join(
        frame(HEADERS, END_HEADERS, stream, block(c.head())) for stream in (5, 3)
    ),
    "HEADERS on a stream that is closed (5.1)": lambda c: opened(c) + closed()
    + frame(HEADERS, END_HEADERS | END_STREAM, 1, block(c.head())),
    "DATA on a stream that is closed (5.1)": lambda c: opened(c) + closed() + frame(DATA, 0, 1, b"x"),
    "HEADERS with more padding than bytes (6.2)": lambda c: frame(HEADERS, END_HEADERS | PADDED, 1, b"\xff12"),
    "another frame within a header block (6.2)": lambda c: frame(HEADERS, 0, 1, block(c.head())) + frame(PING, 0, 0, bytes(8)),
    "CONTINUATION of nothing (6.10)": lambda c: frame(CONTINUATION, END_HEADERS, 1, b""),
    "CONTINUATION of another stream (6.10)": lambda c: frame(HEADERS, 0, 1, block(c.head()))
    + frame(CONTINUATION, END_HEADERS, 3, b""),
    "a frame over the maximum (4.2)": lambda c: opened(c) + frame(DATA, 0, 1, bytes(16_385)),
    "SETTINGS on a stream (6.5)": lambda c: frame(SETTINGS, 0, 1),
    "SETTINGS of five bytes (6.5)": lambda c: frame(SETTINGS, 0, 0, bytes(5)),
    "an acknowledgement with settings (6.5)": lambda c: frame(SETTINGS, ACK, 0, bytes(6)),
    "ENABLE_PUSH of 2 (6.5.2)": lambda c: settings((2, 2)),
    "a window over the maximum (6.5.2)": lambda c: settings((4, LARGEST_WINDOW + 1)),
    "a frame size under the minimum (6.5.2)": lambda c: settings((5, 16_383)),
    "a frame size over the maximum (6.5.2)": lambda c: settings((5, 1 << 24)),
    "a thousand settings in one frame": lambda c: settings(*[(3, 100)] * 1_000),
    "PUSH_PROMISE from a client (8.4)": lambda c: opened(c) + frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4)),
    "PING on a stream (6.7)": lambda c: frame(PING, 0, 1, bytes(8)),
    "PING of seven bytes (6.7)": lambda c: frame(PING, 0, 0, bytes(7)),
    "GOAWAY on a stream (6.8)": lambda c: frame(GOAWAY, 0, 1, bytes(8)),
    "RST_STREAM on stream 0 (6.4)": lambda c: frame(RST_STREAM, 0, 0, bytes(4)),
    "RST_STREAM on an idle stream (6.4)": lambda c: frame(RST_STREAM, 0, 1, bytes(4)),
    "RST_STREAM of three bytes (6.4)": lambda c: opened(c) + frame(RST_STREAM, 0, 1, bytes(3)),
    "a connection's window raised by 0 (6.9)": lambda c: window_update(0, 0),
    "a connection's window over the maximum (6.9.1)": lambda c: window_update(0, LARGEST_WINDOW) * 2,
    "WINDOW_UPDATE of three bytes (6.9)": lambda c: frame(8, 0, 0, bytes(3)),
    "WINDOW_UPDATE on an idle stream (5.1)": lambda c: window_update(1, 1),
    "HPACK: index 0": lambda c: frame(HEADERS, END_HEADERS, 1, b"\x80"),
    "HPACK: an index beyond the tables": lambda c: frame(HEADERS, END_HEADERS, 1, b"\xff\x80\x80\x01"),
    "HPACK: an integer without end": lambda c: frame(HEADERS, END_HEADERS, 1, b"\xff" + b"\x80" * 20),
    "HPACK: a string longer than its block": lambda c: frame(HEADERS, END_HEADERS, 1, b"\x00\x7fab"),
    "HPACK: Huffman code that ends in EOS": lambda c: frame(HEADERS, END_HEADERS, 1, b"\x00\x84\xff\xff\xff\xff\x00"),
    "HPACK: a table over the maximum": lambda c: frame(HEADERS, END_HEADERS, 1, integer(1 << 20, 5, 0x20)),
    "HPACK: a table's size after a field": lambda c: frame(HEADERS, END_HEADERS, 1, literal(b"a", b"b") + b"\x20"),
}

# What is no request: fields that are added to a proper one.
BROKEN_FIELDS = {
    "an uppercase name (8.2.1)": [(b"X-A", b"1")],
    "an empty name (8.2.1)": [(b"", b"1")],
    "a space in a name (8.2.1)": [(b"x a", b"1")],
    "a colon in a name (8.2.1)": [(b"x:a", b"1")],
    "a NUL in a name (8.2.1)": [(b"x\x00a", b"1")],
    "a CR in a value (8.2.1)": [(b"x-a", b"1\r2")],
    "a LF in a value (8.2.1)": [(b"x-a", b"1\n2")],
    "a CRLF and a field in a value (8.2.1)": [(b"x-a", b"1\r\nhost: other")],
    "a NUL in a value (8.2.1)": [(b"x-a", b"1\x002")],
    "connection (8.2.2)": [(b"connection", b"close")],
    "keep-alive (8.2.2)": [(b"keep-alive", b"timeout=5")],
    "proxy-connection (8.2.2)": [(b"proxy-connection", b"close")],
    "transfer-encoding (8.2.2)": [(b"transfer-encoding", b"chunked")],
    "upgrade (8.2.2)": [(b"upgrade", b"h2c")],
    "te other than trailers (8.2.2)": [(b"te", b"gzip")],
    "a pseudo-field after a field (8.3)": [(b":path", b"/other")],
    "a pseudo-field that is unknown (8.3)": [(b":pony", b"1")],
    "a pseudo-field of responses (8.3)": [(b":status", b"200")],
    "two hosts": [(b"host", b"one"), (b"host", b"two")],
    "a host that is not the authority (8.3.1)": [(b"host", b"other.example")],
    "a length that is not the body's (8.1.1)": [(b"content-length", b"5")],
    "a length of 0 and a body (8.1.1)": [(b"content-length", b"0")],
    "a negative length": [(b"content-length", b"-2")],
    "a signed length": [(b"content-length", b"+2")],
    "two lengths": [(b"content-length", b"2"), (b"content-length", b"3")],
    "a length over the limit": [(b"content-length", b"999999999")],
}

# What is no request: whole heads.
BROKEN_HEADS = {
    "no method (8.3.1)": lambda head: [field for field in head if field[0] != b":method"],
    "no path (8.3.1)": lambda head: [field for field in head if field[0] != b":path"],
    "no scheme (8.3.1)": lambda head: [field for field in head if field[0] != b":scheme"],
    "two paths (8.3)": lambda head: [(b":path", b"/other"), *head],
    "two methods (8.3)": lambda head: [(b":method", b"GET"), *head],
    "an empty path (8.3.1)": lambda head: [(name, b"" if name == b":path" else value) for name, value in head],
    "a path without its slash": lambda head: [(name, b"rpc" if name == b":path" else value) for name, value in head],
    "a fragment in the path": lambda head: [(name, b"/rpc#a" if name == b":path" else value) for name, value in head],
    "a space in the path": lambda head: [(name, b"/rpc HTTP/1.1" if name == b":path" else value) for name, value in head],
    "a CRLF in the path": lambda head: [(name, b"/rpc\r\nx: y" if name == b":path" else value) for name, value in head],
    "a space in the method": lambda head: [(name, b"GET /" if name == b":method" else value) for name, value in head],
    "a CRLF in the method": lambda head: [(name, b"A\r\nB" if name == b":method" else value) for name, value in head],
    "a CRLF in the authority": lambda head: [(name, b"a\r\nb" if name == b":authority" else value) for name, value in head],
    "CONNECT with a path (8.5)": lambda head: [(name, b"CONNECT" if name == b":method" else value) for name, value in head],
}

# Frames for which the server resets a stream, over and over ("MadeYouReset", CVE-2025-8671).
PROVOCATIONS = {
    "a window raised by 0": lambda stream: window_update(stream, 0),
    "a window over the maximum": lambda stream: window_update(stream, LARGEST_WINDOW),
    "DATA after the end": lambda stream: frame(DATA, END_STREAM, stream, b"x"),
    "HEADERS after the end": lambda stream: frame(HEADERS, END_HEADERS | END_STREAM, stream, literal(b"x", b"y")),
    "PRIORITY of four bytes": lambda stream: frame(PRIORITY, 0, stream, bytes(4)),
    "PRIORITY on itself": lambda stream: frame(PRIORITY, 0, stream, struct.pack(">IB", stream, 1)),
}

# Frames that cost the client nothing.
FLOODS = {
    "SETTINGS": lambda stream: settings(),
    "SETTINGS with values": lambda stream: settings((4, 65_535), (4, 1)),
    "PING": lambda stream: frame(PING, 0, 0, bytes(8)),
    "empty DATA": lambda stream: frame(DATA, 0, stream),
    "empty DATA with padding": lambda stream: frame(DATA, PADDED, stream, b"\x00"),
    "PRIORITY": lambda stream: frame(PRIORITY, 0, stream, struct.pack(">IB", 0, 1)),
    "PRIORITY on idle streams": lambda stream: frame(PRIORITY, 0, stream + 1_000, struct.pack(">IB", 0, 1)),
}

# Frames that no one has to answer; passing them over costs no more than reading them.
NOISE = {
    "unknown frames": lambda stream: frame(0x99, 0, 0, b"x"),
    "unknown frames of a stream": lambda stream: frame(0x99, 0, stream, b"x"),
}
