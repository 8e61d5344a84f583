#!/usr/bin/env python3
"""Holds the public documents to their standards, and the REST API to what its document says (OpenAPI 3.1, OpenRPC).

    python3 Tests/Attack/rest.py --url http://127.0.0.1:8080 --email admin@localhost --password ... --logs DIRECTORY
"""

import http.client
import json
import pathlib
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from target import PATIENCE_SECONDS, Failed, Target, parser, run

CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance,unsupported_method")
# Under the share of one person, so that limits do not answer in place of what is tested.
CALLS_PER_SECOND = 150
CANARY = "canary-3b1f9c"


def ask(target, method, path, body=None, headers=None):
    """The status, fields and body of an answer."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=PATIENCE_SECONDS)
    fields = {"content-type": "application/json", **(headers or {})} if body is not None else headers or {}
    try:
        connection.request(method, path, body, fields)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def login(target, options):
    body = json.dumps({"email": options.email, "password": options.password})
    status, _, content = ask(target, "POST", "/api/v1/auth/login", body)
    if status != 200:
        raise Failed(f"cannot sign in: {content[:200]!r}")
    return json.loads(content)["access_token"]


def is_openapi(target):
    _, _, content = ask(target, "GET", "/openapi.json")
    document = json.loads(content)
    problems = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]
    if problems:
        raise Failed("; ".join(problems)[:500])
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            bare = [one["name"] for one in operation.get("parameters", []) if not one.get("description")]
            if bare or not operation["tags"] or "default" in operation["responses"]:
                raise Failed(f"{verb} {path} says too little: {bare}")


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        value = list(value.values())
    for inner in value if isinstance(value, list) else []:
        yield from references(inner)


def is_openrpc(target):
    """The structure that the OpenRPC 1.2 specification asks for; its schemas are JSON Schema."""
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "rpc.discover"})
    document = json.loads(ask(target, "POST", "/rpc", call)[2])["result"]
    if not document["openrpc"].startswith("1.") or not {"title", "version"} <= document["info"].keys():
        raise Failed("openrpc, info.title and info.version must be there")
    names = [method["name"] for method in document["methods"]]
    if len(set(names)) != len(names) or "rpc.discover" not in names:
        raise Failed("each method is described once")
    schemas = list(document["components"]["schemas"].values())
    for method in document["methods"]:
        for descriptor in [*method["params"], method["result"]]:
            if not {"name", "schema"} <= descriptor.keys():
                raise Failed(f"{method['name']}: a content descriptor has a name and a schema")
            schemas.append(descriptor["schema"])
        required = [descriptor.get("required", False) for descriptor in method["params"]]
        if required != sorted(required, reverse=True):
            raise Failed(f"{method['name']}: what is required comes first")
        if method.get("paramStructure") not in ("by-name", "by-position", "either"):
            raise Failed(f"{method['name']}: an unknown structure of params")
    for schema in schemas:
        Draft202012Validator.check_schema(schema)
    for reference in references(document):
        if reference.removeprefix("#/components/schemas/") not in document["components"]["schemas"]:
            raise Failed(f"{reference} leads nowhere")


def is_as_documented(target, options):
    """Thousands of calls, made from the document, get no 5xx and nothing that is not in it."""
    url = f"http://{target.authority}"
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis", "run", f"{url}/openapi.json", "--url", f"{url}/api/v1",
        "--header", f"Authorization: Bearer {login(target, options)}", "--checks", CHECKS, "--no-color",
        "--phases", "examples,coverage,fuzzing", "--max-examples", str(options.examples), "--seed", "1",
        "--rate-limit", f"{CALLS_PER_SECOND}/s", "--generation-database", "none",
    ]
    # It leaves notes of its own where it runs.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        start = done.stdout.find("FAILURES")
        raise Failed(done.stdout[start if start >= 0 else -3_000:][:3_000])


def keeps_no_secret(target, options):
    """What nobody may read later stands in no log."""
    token = login(target, options)
    headers = {"authorization": f"Bearer {token}", "cookie": CANARY, "x-api-key": CANARY}
    ask(target, "POST", "/api/v1/auth/login", json.dumps({"email": CANARY, "password": CANARY}))
    ask(target, "POST", "/api/v1/auth/refresh", json.dumps({"refresh_token": CANARY}))
    ask(target, "GET", "/api/v1/targets", headers={"authorization": f"Bearer {CANARY}"})
    ask(target, "GET", f"/api/v1/targets?search={CANARY}", headers=headers)
    hook = json.dumps({"name": "hook", "kind": "webhook", "url": f"https://example.invalid/{CANARY}"})
    ask(target, "POST", "/api/v1/receivers", hook, headers)
    files = list(options.logs.rglob("*.log"))
    if not files:
        raise Failed(f"{options.logs} holds no log")
    for file in files:
        text = file.read_text(errors="replace")
        for secret in (CANARY, token, options.password):
            # The first password is shown once, where it is asked for.
            if secret in text and not (secret == options.password and file.name == "up.log"):
                raise Failed(f"{file.name} holds a secret")


def cases(target, options):
    yield "describes REST as OpenAPI 3.1", lambda: is_openapi(target)
    yield "describes JSON-RPC as OpenRPC", lambda: is_openrpc(target)
    yield "answers as its document says", lambda: is_as_documented(target, options)
    if options.logs:
        yield "keeps no secret in a log", lambda: keeps_no_secret(target, options)


def main():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--email", required=True)
    options.add_argument("--password", required=True)
    options.add_argument("--logs", type=pathlib.Path, help="holds the logs of all processes")
    options.add_argument("--examples", type=int, default=5, help="random calls an operation")
    options = options.parse_args()
    target = Target(options)

    def alive():
        if ask(target, "GET", "/healthz")[0] != 200:
            raise Failed("it is gone")

    run(cases(target, options), alive, options.only)


if __name__ == "__main__":
    main()
