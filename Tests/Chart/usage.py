"""Whether every value is documented, and whether it changes anything."""

import concurrent.futures
import copy
import functools
import multiprocessing
import re

import helm_python
import yaml
from jsonschema import Draft7Validator
from rendering import CHART, MODES, UNRESTRICTED, files, leaves, schema, schema_of, with_value

# What a value may be changed to; the first that fits its schema and changes what is made counts.
CANDIDATES = [
    True,
    False,
    1,
    7,
    77,
    20000,
    "other",
    "Other",
    "other@example.org",
    "other:1",
    "9Gi",
    "7h",
    "77h",
    "7s",
    "7 * * * *",
    "/other",
    "[::]",
    *["certManager", "self", "sqlite", "Never", "disable", "NodePort"],
    [{"name": "other"}],
    [{"namespaceSelector": {}}, {"podSelector": {}}],
    [{"key": "other", "operator": "Exists"}],
    ["other"],
    ["192.0.2.0/24"],
    ["loopback"],
    [77],
    {"other": "x"},
    {"requests": {"cpu": "77m"}},
    {"nodeAffinity": {"other": {}}},
]
SETTINGS = {
    "orchestrator": "ORCHESTRATOR_LOG_LEVEL",
    "store": "STORE_LOG_LEVEL",
    "alerting": "ALERTING_LOG_LEVEL",
    "gateway": "GATEWAY_LOG_LEVEL",
    "push": "PUSH_LOG_LEVEL",
    "agent": "PROBE_AGENT_LOG_LEVEL",
}

ALL = MODES | UNRESTRICTED


@functools.cache
def rendered(mode: str) -> dict[str, str]:
    return files(ALL[mode])


def undocumented() -> str:
    """Values that have no comment, or another one than the schema has."""
    text = (CHART / "values.yaml").read_text()
    comments, path, comment = {}, [], None
    for line in text.splitlines():
        note = re.match(r" *# -- (.+)", line)
        key = re.match(r"( *)([A-Za-z]+):", line)
        if note:
            comment = note[1]
        elif key:
            path = [*path[: len(key[1]) // 2], key[2]]
            comments[tuple(path)] = comment
            comment = None
    wrong = []
    for leaf in leaves(yaml.safe_load(text)):
        said = comments.get(leaf) or comments.get(leaf[:-1])
        if not comments.get(leaf):
            wrong.append(f"{'.'.join(leaf)} has no comment")
        elif schema_of(leaf).get("description") != said:
            wrong.append(f"{'.'.join(leaf)} is described otherwise in the schema")
    return "; ".join(wrong)


def unspoken(node=None) -> list[str]:
    """Patterns that say no example: Helm shows them to whoever has written something else."""
    node = schema() if node is None else node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    found = [pattern for child in children for pattern in unspoken(child)]
    if isinstance(node, dict) and isinstance(node.get("pattern"), str):
        # What stands after the end of a text never fits.
        found += [] if "|$ " in node["pattern"] else [node["pattern"]]
    return found


def value_of(path: tuple, values: dict):
    """What a value is in a mode."""
    node = values
    for key in path:
        if not isinstance(node, dict) or key not in node:
            return value_of(path, defaults()) if values is not defaults() else None
        node = node[key]
    return node


@functools.cache
def defaults() -> dict:
    return yaml.safe_load((CHART / "values.yaml").read_text())


def changes(path: tuple) -> bool:
    """Whether there is a mode in which another value makes something else."""
    rule = Draft7Validator(schema_of(path))
    candidates = [one for one in CANDIDATES if rule.is_valid(one)]
    if path[-1] == "settings":
        candidates = [{SETTINGS[path[0]]: "debug"}]
    for mode in ALL:
        for candidate in candidates:
            if candidate == value_of(path, ALL[mode]):
                continue
            try:
                if files(with_value(path, copy.deepcopy(candidate), ALL[mode])) != rendered(mode):
                    return True
            except helm_python.HelmError:
                continue
    return False


def unused() -> str:
    paths = leaves(defaults())
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        used = list(pool.map(changes, paths, chunksize=8))
    return "; ".join(f"{'.'.join(path)} changes nothing" for path, is_used in zip(paths, used) if not is_used)
