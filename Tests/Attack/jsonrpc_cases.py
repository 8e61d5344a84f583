"""What a JSON-RPC 2.0 endpoint is sent, and what it must say; from the specification's examples and beyond them.

An answer is `OK(id)`, `Fails(code, id)`, a list of answers for a batch, or `None` for no content. `auth.login` stands
for a method with parameters: what is wrong with them is found before anybody is signed in.
"""

import dataclasses
import json

PARSE, REQUEST, METHOD, PARAMS = -32700, -32600, -32601, -32602


@dataclasses.dataclass(frozen=True)
class OK:
    id: object


@dataclasses.dataclass(frozen=True)
class Fails:
    code: int
    id: object = None


def call(method="rpc.discover", **members):
    return json.dumps({"jsonrpc": "2.0", "method": method, **members})


def with_id(text):
    """A call that fails, with an id as it is written."""
    return '{"jsonrpc":"2.0","method":"none","id":%s}' % text


NOTHING = call("none")
INVALID = Fails(REQUEST)

SPECIFICATION = {
    "a call": (call(id=1), OK(1)),
    "a call with named parameters": (call("auth.login", params={"email": 1}, id=3), Fails(PARAMS, 3)),
    "a call with parameters by position": (call("auth.login", params=[1, 2], id=4), Fails(PARAMS, 4)),
    "a notification": (call("auth.login", params=[1]), None),
    "a notification of no method": (call("foobar"), None),
    "a call of no method": (call("foobar", id="1"), Fails(METHOD, "1")),
    "a call that is no JSON": ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', Fails(PARSE)),
    "a method that is no string": ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID),
    "a batch that is no JSON": ('[{"jsonrpc": "2.0", "method": "sum", "id": "1"},{"jsonrpc": "2.0", "method"]', Fails(PARSE)),
    "an empty batch": ("[]", INVALID),
    "a batch of a number": ("[1]", [INVALID]),
    "a batch of numbers": ("[1,2,3]", [INVALID] * 3),
    "a batch of everything": (
        "[" + ",".join([call(id="1"), NOTHING, call("none", id="2"), '{"foo":"boo"}', call("none", id="5")]) + "]",
        [OK("1"), Fails(METHOD, "2"), INVALID, Fails(METHOD, "5")],
    ),
    "a batch of notifications": (f"[{NOTHING},{NOTHING}]", None),
}

ENVELOPES = {
    "no version": ('{"method":"rpc.discover","id":1}', INVALID),
    "version 1.0": ('{"jsonrpc":"1.0","method":"rpc.discover","id":1}', INVALID),
    "a version that is a number": ('{"jsonrpc":2.0,"method":"rpc.discover","id":1}', INVALID),
    "a version with a zero more": ('{"jsonrpc":"2.00","method":"rpc.discover","id":1}', INVALID),
    "an escaped version": ('{"jsonrpc":"\\u0032.0","method":"rpc.discover","id":1}', OK(1)),
    "no method": ('{"jsonrpc":"2.0","id":1}', INVALID),
    "an empty method": (call("", id=1), Fails(METHOD, 1)),
    "an escaped method": ('{"jsonrpc":"2.0","method":"rpc\\u002ediscover","id":1}', OK(1)),
    "a method in another case": (call("RPC.Discover", id=1), Fails(METHOD, 1)),
    "a reserved method that is none": (call("rpc.none", id=1), Fails(METHOD, 1)),
    "a method with a NUL": (call("rpc.discover\0", id=1), Fails(METHOD, 1)),
    "a method of 64 KiB": (call("a" * 65_536, id=1), Fails(METHOD, 1)),
    "parameters that are a string": (call(params="x", id=1), INVALID),
    "parameters that are a number": (call(params=1, id=1), INVALID),
    "parameters that are null": (call(params=None, id=1), INVALID),
    "parameters that are true": (call(params=True, id=1), INVALID),
    "too many parameters": (call("auth.login", params=["a", "b", "c", "d"], id=1), Fails(PARAMS, 1)),
    "a member that is unknown": (call(extra=1, id=1), OK(1)),
    "a number": ("1", INVALID),
    "a string": ('"x"', INVALID),
    "null": ("null", INVALID),
    "an empty object": ("{}", INVALID),
    "a batch in a batch": (f"[[{call(id=1)}]]", [INVALID]),
    "a batch with one id": (f"[{call('none', id=1)},{call('none', id=1)}]", [Fails(METHOD, 1)] * 2),
    "a batch of 100": ("[" + ",".join([call("none", id=1)] * 100) + "]", [Fails(METHOD, 1)] * 100),
    "a batch of 101": ("[" + ",".join([call("none", id=1)] * 101) + "]", INVALID),
    "a batch of 100,000": ("[" + ",".join(["1"] * 100_000) + "]", INVALID),
    "the id twice": ('{"jsonrpc":"2.0","method":"rpc.discover","id":1,"id":2}', INVALID),
    "the method twice": ('{"jsonrpc":"2.0","method":"none","method":"rpc.discover","id":1}', INVALID),
    "the version twice": ('{"jsonrpc":"2.0","jsonrpc":"2.0","method":"rpc.discover","id":1}', INVALID),
    "the parameters twice": ('{"jsonrpc":"2.0","method":"rpc.discover","params":{},"params":{},"id":1}', INVALID),
    "the id twice, once escaped": ('{"jsonrpc":"2.0","method":"rpc.discover","id":1,"\\u0069d":2}', INVALID),
    "a parameter twice": (
        '{"jsonrpc":"2.0","method":"auth.login","params":{"email":"a","email":"b","password":"c"},"id":1}',
        Fails(PARAMS, 1),
    ),
}

IDENTIFIERS = {
    "an empty id": ('""', Fails(METHOD, "")),
    "an id with escapes": ('"\\u00e9\\n\\""', Fails(METHOD, 'é\n"')),
    "an id of 60 KiB": ('"' + "a" * 60_000 + '"', Fails(METHOD, "a" * 60_000)),
    "a null id": ("null", Fails(METHOD, None)),
    "a negative id": ("-1", Fails(METHOD, -1)),
    "a fraction": ("1.5", Fails(METHOD, 1.5)),
    "an exponent": ("1e2", Fails(METHOD, 100.0)),
    "an id beyond 2^53": ("9007199254740993", Fails(METHOD, 9_007_199_254_740_993)),
    "an id beyond 2^64": ("18446744073709551617", Fails(METHOD, 18_446_744_073_709_551_617)),
    "an id beyond all numbers": ("1e999", Fails(METHOD, float("inf"))),
    "minus zero": ("-0", Fails(METHOD, 0)),
    "an object": ("{}", INVALID),
    "an array": ("[1]", INVALID),
    "true": ("true", INVALID),
    "NaN": ("NaN", Fails(PARSE)),
    "Infinity": ("Infinity", Fails(PARSE)),
    "a zero before the number": ("01", Fails(PARSE)),
    "a plus before the number": ("+1", Fails(PARSE)),
    "a number in hexadecimal": ("0x1", Fails(PARSE)),
    "a lone surrogate": ('"\\ud800"', Fails(PARSE)),
    "surrogates the wrong way round": ('"\\udc00\\ud800"', Fails(PARSE)),
    "a control character": ('"\x01"', Fails(PARSE)),
}

TEXTS = {
    "nothing": (b"", Fails(PARSE)),
    "white space": (b" \n\t ", Fails(PARSE)),
    "a byte order mark": (b"\xef\xbb\xbf" + call(id=1).encode(), Fails(PARSE)),
    "UTF-16": (call(id=1).encode("utf-16"), Fails(PARSE)),
    "overlong UTF-8": (with_id('"').encode()[:-1] + b"\xc0\xaf\"}", Fails(PARSE)),
    "UTF-8 of a surrogate": (with_id('"').encode()[:-1] + b"\xed\xa0\x80\"}", Fails(PARSE)),
    "UTF-8 cut short": (with_id('"').encode()[:-1] + b"\xe2\x82\"}", Fails(PARSE)),
    "UTF-8 beyond Unicode": (with_id('"').encode()[:-1] + b"\xf5\x80\x80\x80\"}", Fails(PARSE)),
    "a NUL at the end": (call(id=1).encode() + b"\0", Fails(PARSE)),
    "bytes at the end": (call(id=1).encode() + b"x", Fails(PARSE)),
    "two documents": (call(id=1).encode() * 2, Fails(PARSE)),
    "a comma at the end": (b'{"jsonrpc":"2.0","method":"none","id":1,}', Fails(PARSE)),
    "a comment": (b'/* */{"jsonrpc":"2.0","method":"none","id":1}', Fails(PARSE)),
    "single quotes": (b"{'jsonrpc':'2.0','method':'none','id':1}", Fails(PARSE)),
    "100,000 arrays": (b"[" * 100_000, Fails(PARSE)),
    "100,000 arrays that end": (b"[" * 100_000 + b"]" * 100_000, Fails(PARSE)),
    "100,000 objects": (b'{"a":' * 100_000, Fails(PARSE)),
    "parameters 100 levels deep": (call("none", params=["X"], id=1).encode().replace(b'"X"', b"[" * 100 + b"]" * 100),
                                   Fails(PARSE)),
    "a megabyte of spaces": (b" " * 1_000_000 + call(id=1).encode(), OK(1)),
    "gzip": (bytes.fromhex("1f8b08000000000000ff"), Fails(PARSE)),
}

CASES = {
    **{f"specification: {name}": case for name, case in SPECIFICATION.items()},
    **{f"envelope: {name}": case for name, case in ENVELOPES.items()},
    **{f"id: {name}": (with_id(text), answer) for name, (text, answer) in IDENTIFIERS.items()},
    **{f"text: {name}": case for name, case in TEXTS.items()},
}
