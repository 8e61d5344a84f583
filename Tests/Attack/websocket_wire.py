"""WebSocket by hand (RFC 6455): handshakes and frames as no library would send them."""

import base64
import hashlib
import json
import os
import struct

from target import Failed

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FINAL = 0x80
KEY = base64.b64encode(b"0123456789abcdef").decode()
ACCEPT = base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def frame(opcode, payload=b"", first=FINAL, masked=True, length=None):
    """A frame; `length` is what it says of its payload, when that is to be a lie."""
    size = len(payload) if length is None else length
    bit = 0x80 if masked else 0
    if size < 126:
        head = bytes([first | opcode, bit | size])
    elif size < 65_536:
        head = bytes([first | opcode, bit | 126]) + struct.pack(">H", size)
    else:
        head = bytes([first | opcode, bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    pad = key * (len(payload) // 4 + 1)
    return head + key + (int.from_bytes(payload) ^ int.from_bytes(pad[:len(payload)])).to_bytes(len(payload))


def handshake(target, fields=None, line="GET /ws/stream HTTP/1.1", **changes):
    """The bytes of an opening handshake; a field that is changed to `None` is left out."""
    proper = {
        "host": target.authority,
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": KEY,
    }
    proper.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [line] + [f"{name}: {value}" for name, value in proper.items() if value is not None]
    return ("\r\n".join(lines + (fields or [])) + "\r\n\r\n").encode()


class Socket:
    """A WebSocket whose handshake is done."""

    def __init__(self, target, request=None, receive_buffer=None):
        self.socket = target.connect(receive_buffer)
        self._received = b""
        self._last_id = 0
        self.send(request or handshake(target))
        while b"\r\n\r\n" not in self._received:
            piece = self.socket.recv(4_096)
            if not piece:
                break
            self._received += piece
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        self.head = head.decode()
        self.status = int(self.head.split(" ")[1]) if head else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise
        except OSError:
            return False
        return True

    def read(self):
        """The next frame as its opcode and payload; `None` when the connection has ended."""
        head = self._take(2)
        if head is None:
            return None
        size = head[1] & 127
        if size > 125:
            extended = self._take(2 if size == 126 else 8)
            size = int.from_bytes(extended or b"")
        return head[0] & 15, self._take(size) or b""

    def close_code(self):
        """Waits for the end; returns the code of the server's close frame, or `None` without one."""
        code = None
        try:
            while (found := self.read()) is not None:
                if found[0] == CLOSE and len(found[1]) >= 2:
                    code = struct.unpack(">H", found[1][:2])[0]
        except TimeoutError:
            if code is None:
                raise Failed("the server goes on with the connection") from None
        return code

    def call(self, method, params):
        """The answer to a JSON-RPC call; notifications that come before it are passed over."""
        self._last_id += 1
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        self.send(frame(TEXT, json.dumps(request).encode()))
        return self.answer(self._last_id)

    def answer(self, wanted):
        while (found := self.read()) is not None:
            if found[0] == TEXT:
                document = json.loads(found[1])
                if "method" not in document and document.get("id") == wanted:
                    return document
            elif found[0] == CLOSE:
                break
        raise Failed("the server closed instead of answering")

    def _take(self, count):
        while len(self._received) < count:
            try:
                piece = self.socket.recv(65_536)
            except ConnectionError:
                piece = b""
            if not piece:
                return None
            self._received += piece
        taken, self._received = self._received[:count], self._received[count:]
        return taken
