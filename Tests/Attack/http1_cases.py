"""Requests that two readers could understand differently, and what a strict server makes of each.

The names follow RFC 9112 and the catalogue of Http11Probe. A case is the bytes and the statuses of all answers; a
refusal is one answer, or none, and then the end of the connection.
"""

HOST = b"host: localhost\r\n"
CLOSE = b"connection: close\r\n"
JSON = b"content-type: application/json\r\n"
BAD = frozenset({400})
PROBE = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"


def get(fields=b"", line=b"GET /healthz HTTP/1.1\r\n", host=HOST, end=b"\r\n"):
    return line + host + fields + CLOSE + end


def post(fields, body=b"[]", version=b"1.1"):
    return b"POST /rpc HTTP/" + version + b"\r\n" + HOST + JSON + fields + CLOSE + b"\r\n" + body


def chunked(body, encoding=b"transfer-encoding: chunked\r\n"):
    return post(encoding, body)


def length(value, body=b"[]"):
    return post(b"content-length: " + value + b"\r\n", body)


ACCEPTED = {
    "a plain request": (get(), [200]),
    "an empty line before the request": (b"\r\n" + get(), [200]),
    "HTTP/1.0 without a host": (b"GET /healthz HTTP/1.0\r\n\r\n", [200]),
    "absolute form": (get(line=b"GET http://localhost/healthz HTTP/1.1\r\n"), [200]),
    "field names in any case": (get(b"X-SoMe-FiEld: 1\r\n"), [200]),
    "a field without a value": (get(b"x-empty:\r\n"), [200]),
    "tabs and spaces around a value": (get(b"x-padded: \t 1 \t\r\n"), [200]),
    "bytes above ASCII in a value": (get(b"x-name: caf\xc3\xa9\r\n"), [200]),
    "HEAD has no body": (get(line=b"HEAD /healthz HTTP/1.1\r\n"), [200]),
    "a query": (get(line=b"GET /healthz?a=%20&b HTTP/1.1\r\n"), [200]),
    "a body with its length": (length(b"2"), [200]),
    "a length in spaces": (length(b"  2  "), [200]),
    "a chunked body": (chunked(b"2\r\n[]\r\n0\r\n\r\n"), [200]),
    "chunks of one byte": (chunked(b"1\r\n[\r\n1\r\n]\r\n0\r\n\r\n"), [200]),
    "a chunk size with zeros before it": (chunked(b"0002\r\n[]\r\n0\r\n\r\n"), [200]),
    "a chunk extension": (chunked(b"2;a=1\r\n[]\r\n0\r\n\r\n"), [200]),
    "trailers": (chunked(b"2\r\n[]\r\n0\r\nx-sum: 1\r\n\r\n"), [200]),
    "the coding in any case": (chunked(b"2\r\n[]\r\n0\r\n\r\n", b"Transfer-Encoding: CHUNKED\r\n"), [200]),
    "expect: 100-continue with the body": (post(b"expect: 100-continue\r\ncontent-length: 2\r\n"), [200]),
    "two requests in one packet": (b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n" + get(), [200, 200]),
    "a body and then a request": (
        b"POST /rpc HTTP/1.1\r\n" + HOST + JSON + b"content-length: 2\r\n\r\n[]" + get(), [200, 200],
    ),
    "an unknown method on a known path": (get(line=b"BREW /healthz HTTP/1.1\r\n"), [405]),
    "a method is case-sensitive": (get(line=b"get /healthz HTTP/1.1\r\n"), [405]),
    "TRACE echoes nothing": (get(line=b"TRACE /healthz HTTP/1.1\r\n"), [405]),
    "an upgrade to h2c is passed over": (
        b"GET /healthz HTTP/1.1\r\n" + HOST
        + b"connection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n",
        [200],
    ),
}

REQUEST_LINES = {
    "no version, as in HTTP/0.9": (b"GET /healthz\r\n\r\n", BAD),
    "HTTP/1.2": (get(line=b"GET /healthz HTTP/1.2\r\n"), {400, 505}),
    "HTTP/2.0": (get(line=b"GET /healthz HTTP/2.0\r\n"), {400, 505}),
    "HTTP/01.1": (get(line=b"GET /healthz HTTP/01.1\r\n"), {400, 505}),
    "http/1.1 in lowercase": (get(line=b"GET /healthz http/1.1\r\n"), {400, 505}),
    "HTTP /1.1": (get(line=b"GET /healthz HTTP /1.1\r\n"), {400, 505}),
    "two spaces in the line": (get(line=b"GET  /healthz HTTP/1.1\r\n"), BAD),
    "a tab in the line": (get(line=b"GET\t/healthz HTTP/1.1\r\n"), BAD),
    "a space at the end of the line": (get(line=b"GET /healthz HTTP/1.1 \r\n"), {400, 505}),
    "a space before the method": (get(line=b" GET /healthz HTTP/1.1\r\n"), BAD),
    "no method": (get(line=b" /healthz HTTP/1.1\r\n"), BAD),
    "a method with a colon": (get(line=b"GE:T /healthz HTTP/1.1\r\n"), BAD),
    "bare LF after the line": (get(line=b"GET /healthz HTTP/1.1\n"), BAD),
    "bare CR after the line": (get(line=b"GET /healthz HTTP/1.1\r"), BAD),
    "CR CR LF after the line": (get(line=b"GET /healthz HTTP/1.1\r\r\n"), {400, 505}),
    "a NUL in the target": (get(line=b"GET /heal\x00thz HTTP/1.1\r\n"), BAD),
    "a byte above ASCII in the target": (get(line=b"GET /heal\xffthz HTTP/1.1\r\n"), BAD),
    "a fragment in the target": (get(line=b"GET /healthz#a HTTP/1.1\r\n"), BAD),
    "a target without its slash": (get(line=b"GET healthz HTTP/1.1\r\n"), BAD),
    "an asterisk for GET": (get(line=b"GET * HTTP/1.1\r\n"), BAD),
    "CONNECT in authority form": (get(line=b"CONNECT example.org:443 HTTP/1.1\r\n"), {400, 405, 501}),
    "a target of 64 KiB": (get(line=b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\n"), {400, 414, 431}),
    "a method of 64 KiB": (get(line=b"G" * 65_536 + b" / HTTP/1.1\r\n"), {400, 431, 501}),
    "a byte order mark": (b"\xef\xbb\xbf" + get(), BAD),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(509) + b"\n", BAD),
    "the preface of HTTP/2, with a difference": (b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", {400, 505}),
}

FIELDS = {
    "no host": (get(host=b""), BAD),
    "two hosts": (get(b"host: other\r\n"), BAD),
    "the same host twice": (get(HOST), BAD),
    "an empty host": (get(host=b"host:\r\n"), BAD),
    "a host with a path": (get(host=b"host: example.org/x\r\n"), BAD),
    "a host with a user": (get(host=b"host: user@example.org\r\n"), BAD),
    "a list of hosts": (get(host=b"host: a, b\r\n"), BAD),
    "an absolute form that is not the host": (get(line=b"GET http://other.example/healthz HTTP/1.1\r\n"), BAD),
    "a space before the colon": (get(b"x-a : 1\r\n"), BAD),
    "a tab before the colon": (get(b"x-a\t: 1\r\n"), BAD),
    "a space in a name": (get(b"x a: 1\r\n"), BAD),
    "a name with a slash": (get(b"x/a: 1\r\n"), BAD),
    "a name above ASCII": (get(b"x\xff: 1\r\n"), BAD),
    "no name": (get(b": 1\r\n"), BAD),
    "no colon": (get(b"x-a\r\n"), BAD),
    "a folded line": (get(b"x-a: 1\r\n 2\r\n"), BAD),
    "a folded line with a tab": (get(b"x-a: 1\r\n\t2\r\n"), BAD),
    "a folded first line": (get(host=b" x-a: 1\r\n" + HOST), BAD),
    "bare LF after a field": (get(b"x-a: 1\n"), BAD),
    "bare CR in a value": (get(b"x-a: 1\rx-b: 2\r\n"), BAD),
    "bare LF at the end": (get(end=b"\n"), BAD),
    "a NUL in a value": (get(b"x-a: 1\x002\r\n"), BAD),
    "a NUL in a name": (get(b"x\x00a: 1\r\n"), BAD),
    "a control character in a value": (get(b"x-a: \x01\r\n"), BAD),
    "a DEL in a value": (get(b"x-a: \x7f\r\n"), BAD),
    "101 fields": (get(b"".join(b"x-%d: 1\r\n" % index for index in range(101))), {400, 431}),
    "a field of 64 KiB": (get(b"x-a: " + b"a" * 65_536 + b"\r\n"), {400, 431}),
    "fields of 17 KiB together": (get((b"x-a: " + b"a" * 400 + b"\r\n") * 42), {400, 431}),
    "an expectation that is unknown": (get(b"expect: a-pony\r\n"), {400, 417}),
}

LENGTHS = {
    "a signed length": (length(b"+2"), BAD),
    "a negative length": (length(b"-2"), BAD),
    "a length in hexadecimal": (length(b"0x2"), BAD),
    "a length with a zero before it": (length(b"02"), BAD),
    "a length with an underscore": (length(b"1_0", b"[" + b" " * 8 + b"]"), BAD),
    "a length with an exponent": (length(b"2e0"), BAD),
    "a length with a fraction": (length(b"2.0"), BAD),
    "a length in two parts": (length(b"2 2"), BAD),
    "a list of lengths": (length(b"2, 2"), BAD),
    "an empty length": (length(b""), BAD),
    "a length beyond 64 bits": (length(b"18446744073709551618"), {400, 413}),
    "a length that is negative as 64 bits": (length(b"9223372036854775809"), {400, 413}),
    "a length over the limit": (length(b"999999999"), {413}),
    "a length in other digits": (length("２".encode()), BAD),
    "the same length twice": (post(b"content-length: 2\r\ncontent-length: 2\r\n"), BAD),
    "two lengths": (post(b"content-length: 2\r\ncontent-length: 37\r\n", b"[]" + PROBE), BAD),
    "a length and chunks": (
        post(b"content-length: 5\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n" + PROBE), BAD,
    ),
    "chunks and a length": (
        post(b"transfer-encoding: chunked\r\ncontent-length: 2\r\n", b"2\r\n[]\r\n0\r\n\r\n" + PROBE), BAD,
    ),
    "a length and a coding that is none": (post(b"content-length: 2\r\ntransfer-encoding: identity\r\n"), {400, 501}),
    "a name that looks like the length": (post(b"content_length: 2\r\ncontent-length : 2\r\n"), BAD),
}


def coding(value):
    return chunked(b"2\r\n[]\r\n0\r\n\r\n" + PROBE, b"transfer-encoding:" + value + b"\r\n")


CODINGS = {
    "identity": (coding(b" identity"), {400, 501}),
    "chunked twice": (coding(b" chunked, chunked"), {400, 501}),
    "chunked and then another": (coding(b" chunked, gzip"), {400, 501}),
    "another and then chunked": (coding(b" gzip, chunked"), {400, 501}),
    "a coding that begins like chunked": (coding(b" chunkedx"), {400, 501}),
    "a coding that ends like chunked": (coding(b" xchunked"), {400, 501}),
    "chunked with a parameter": (coding(b" chunked;q=1"), {400, 501}),
    "chunked in quotes": (coding(b' "chunked"'), {400, 501}),
    "chunked after a comma": (coding(b" , chunked"), {400, 501}),
    "chunked after a vertical tab": (coding(b" \x0bchunked"), {400, 501}),
    "an empty coding": (coding(b""), {400, 501}),
    "two fields": (coding(b" chunked\r\ntransfer-encoding: chunked"), {400, 501}),
    "two fields that differ": (coding(b" identity\r\ntransfer-encoding: chunked"), {400, 501}),
    "a folded coding": (coding(b"\r\n chunked"), {400, 501}),
    "a space before the colon": (chunked(b"0\r\n\r\n" + PROBE, b"transfer-encoding : chunked\r\n"), BAD),
    "with HTTP/1.0": (post(b"transfer-encoding: chunked\r\n", b"0\r\n\r\n" + PROBE, b"1.0"), BAD),
}

CHUNKS = {
    "a size with 0x": (chunked(b"0x2\r\n[]\r\n0\r\n\r\n"), BAD),
    "a signed size": (chunked(b"+2\r\n[]\r\n0\r\n\r\n"), BAD),
    "a negative size": (chunked(b"-2\r\n[]\r\n0\r\n\r\n"), BAD),
    "a space before the size": (chunked(b" 2\r\n[]\r\n0\r\n\r\n"), BAD),
    "a size with an underscore": (chunked(b"0_2\r\n[]\r\n0\r\n\r\n"), BAD),
    "no size": (chunked(b"\r\n[]\r\n0\r\n\r\n"), BAD),
    "an extension without a size": (chunked(b";a\r\n[]\r\n0\r\n\r\n"), BAD),
    "a size beyond 64 bits": (chunked(b"10000000000000002\r\n[]\r\n0\r\n\r\n"), {400, 413}),
    "a size that is negative as 64 bits": (chunked(b"FFFFFFFFFFFFFFFE\r\n[]\r\n0\r\n\r\n"), {400, 413}),
    "a size over the limit": (chunked(b"7FFFFFFF\r\n[]\r\n0\r\n\r\n"), {413}),
    "bare LF after the size": (chunked(b"2\n[]\r\n0\r\n\r\n"), BAD),
    "bare CR after the size": (chunked(b"2\r[]\r\n0\r\n\r\n"), BAD),
    "bare LF in an extension": (chunked(b"2;a\nb\r\n[]\r\n0\r\n\r\n"), BAD),
    "bare CR in an extension": (chunked(b"2;a\rb\r\n[]\r\n0\r\n\r\n"), BAD),
    "an extension of 64 KiB": (chunked(b"2;" + b"a" * 65_536 + b"\r\n[]\r\n0\r\n\r\n"), {400, 431}),
    "more data than the size": (chunked(b"2\r\n[]x\r\n0\r\n\r\n"), BAD),
    "no CRLF after the data": (chunked(b"2\r\n[]0\r\n\r\n"), BAD),
    "bare LF after the data": (chunked(b"2\r\n[]\n0\r\n\r\n"), BAD),
    "bare LF at the end": (chunked(b"2\r\n[]\r\n0\r\n\n"), BAD),
    "a trailer with bare LF": (chunked(b"2\r\n[]\r\n0\r\nx: 1\n\r\n"), BAD),
    "trailers of 64 KiB": (chunked(b"2\r\n[]\r\n0\r\n" + b"x: " + b"a" * 65_536 + b"\r\n\r\n"), {400, 431}),
}

REFUSED = {
    **{f"request line: {name}": case for name, case in REQUEST_LINES.items()},
    **{f"field: {name}": case for name, case in FIELDS.items()},
    **{f"length: {name}": case for name, case in LENGTHS.items()},
    **{f"coding: {name}": case for name, case in CODINGS.items()},
    **{f"chunk: {name}": case for name, case in CHUNKS.items()},
}
