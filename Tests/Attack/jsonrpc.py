#!/usr/bin/env python3
"""Sends the public `/rpc` calls that are odd, wrong or hostile (JSON-RPC 2.0).

    python3 Tests/Attack/jsonrpc.py --url http://127.0.0.1:8080 --email admin@localhost --password ... --pid PID
"""

import gzip
import http.client
import json

from jsonrpc_cases import CASES, OK, PARAMS, Fails, call
from target import PATIENCE_SECONDS, Failed, Target, parser, run

UNAUTHENTICATED = -32002
JSON_TYPE = {"content-type": "application/json"}


def exchange(target, body, headers=None, method="POST"):
    """The status, type and body of an answer."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, "/rpc", body, JSON_TYPE if headers is None else headers)
        response = connection.getresponse()
        return response.status, response.getheader("content-type"), response.read()
    finally:
        connection.close()


def check_answer(answer, expected):
    """An answer has a result or an error, and the id of its call."""
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0" or "id" not in answer:
        raise Failed(f"not a response object: {str(answer)[:200]}")
    if ("result" in answer) == ("error" in answer):
        raise Failed(f"a response has a result or an error: {str(answer)[:200]}")
    got = Fails(answer["error"]["code"], answer["id"]) if "error" in answer else OK(answer["id"])
    if got != expected or type(got.id) is not type(expected.id):
        raise Failed(f"answered {str(got)[:200]}, not {str(expected)[:200]}")
    if "error" in answer and not isinstance(answer["error"].get("message"), str):
        raise Failed("an error has a message")


def answers(target, body, expected, headers=None):
    status, kind, content = exchange(target, body if isinstance(body, bytes) else body.encode(), headers)
    if expected is None:
        if status != 204 or content:
            raise Failed(f"answered {status} {content[:80]!r} to what wants no answer")
        return
    if status != 200 or kind != "application/json":
        raise Failed(f"answered {status}, {kind}")
    document = json.loads(content)
    if not isinstance(expected, list):
        return check_answer(document, expected)
    if not isinstance(document, list) or len(document) != len(expected):
        raise Failed(f"answered {str(document)[:200]} to a batch")
    # A batch may be answered in any order; here it is the order of its calls.
    for answer, wanted in zip(document, expected):
        check_answer(answer, wanted)


def answers_status(target, wanted, body=call(id=1), headers=None, method="POST"):
    status, _, content = exchange(target, body, headers, method)
    if status != wanted:
        raise Failed(f"answered {status} {content[:80]!r}, not {wanted}")


def rejects_inflated(target):
    """A compressed body is not unpacked."""
    bomb = gzip.compress(b" " * 100_000_000)
    headers = {**JSON_TYPE, "content-encoding": "gzip"}
    with target.bounded_memory():
        status, _, content = exchange(target, bomb, headers)
    if status == 200 and "error" not in json.loads(content):
        raise Failed("a compressed body was taken")


def login(target, options):
    credentials = {"email": options.email, "password": options.password}
    status, _, content = exchange(target, call("auth.login", params=credentials, id=1))
    answer = json.loads(content)
    if status != 200 or "result" not in answer:
        raise Failed(f"cannot sign in: {content[:200]!r}")
    return answer["result"]["access_token"]


def is_told_apart(target, options):
    """A call is as good as its token."""
    token = login(target, options)
    for text, wanted in (
        (f"Bearer {token}", OK(1)),
        (f"Bearer {token[:-4]}AAAA", Fails(UNAUTHENTICATED, 1)),
        (f"Bearer {'.'.join(token.split('.')[:2])}.", Fails(UNAUTHENTICATED, 1)),
        ("Bearer eyJhbGciOiJub25lIn0." + token.split(".")[1] + ".", Fails(UNAUTHENTICATED, 1)),
        ("Bearer " + "a" * 15_000, Fails(UNAUTHENTICATED, 1)),
        (f"Basic {token}", Fails(UNAUTHENTICATED, 1)),
        ("", Fails(UNAUTHENTICATED, 1)),
    ):
        answers(target, call("auth.me", id=1), wanted, {**JSON_TYPE, "authorization": text})


def rejects_in_batches(target):
    """A batch of sign-ins is a batch of guesses: its wrong parameters are told one by one."""
    one = call("auth.login", params={"email": "x"}, id=1)
    answers(target, f"[{','.join([one] * 50)}]", [Fails(PARAMS, 1)] * 50)


def cases(target, options):
    for name, (body, expected) in CASES.items():
        yield name, lambda body=body, expected=expected: answers(target, body, expected)
    for kind in ("application/json; charset=utf-8", "Application/JSON"):
        yield f"takes {kind}", lambda kind=kind: answers(target, call(id=1), OK(1), {"content-type": kind})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json",
                 "application/jsonx", "text/plain; application/json", ""):
        yield f"refuses {kind!r}", lambda kind=kind: answers_status(target, 415, headers={"content-type": kind})
    yield "refuses a body without a type", lambda: answers_status(target, 415, headers={})
    for method in ("GET", "PUT", "DELETE", "TRACE", "PATCH"):
        yield f"refuses {method}", lambda method=method: answers_status(target, 405, method=method)
    yield "refuses a body over 1 MiB", lambda: answers_status(target, 413, b" " * ((1 << 20) + 1))
    yield "inflates nothing", lambda: rejects_inflated(target)
    yield "tells tokens apart", lambda: is_told_apart(target, options)
    yield "answers each of a batch", lambda: rejects_in_batches(target)


def main():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--email", required=True)
    options.add_argument("--password", required=True)
    options = options.parse_args()
    target = Target(options)
    run(cases(target, options), lambda: answers(target, call(id=1), OK(1)), options.only)


if __name__ == "__main__":
    main()
