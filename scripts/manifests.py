#!/usr/bin/env python3
"""Writes what the chart makes with its default values, for those who have kubectl and no Helm: one file a template, and
a kustomization that names them. Hooks of Helm are made like everything else; what is of Helm alone is left out.

Usage: scripts/manifests.py FOLDER, by a Python that has helm-python-sdk and PyYAML
"""

import sys
from pathlib import Path

import yaml
from helm_python import Chart

NAMESPACE = "sonde"
HEADER = "# Made of helm/sonde by `make manifests`; change the chart, not this.\n"


class Dumper(yaml.SafeDumper):
    """Lists are further in than what they belong to, and texts of several lines stay readable."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


def text(dumper: Dumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


Dumper.add_representer(str, text)


def plain(document: dict) -> dict | None:
    """Without what only Helm reads; nothing when it is a test."""
    metadata = document["metadata"]
    annotations = metadata.get("annotations", {})
    if annotations.get("helm.sh/hook") == "test":
        return None
    kept = {key: value for key, value in annotations.items() if not key.startswith("helm.sh/")}
    metadata.pop("annotations", None)
    if kept:
        metadata["annotations"] = kept
    return without_helm(document)


def without_helm(value):
    if isinstance(value, list):
        return [without_helm(one) for one in value]
    if not isinstance(value, dict):
        return value
    value = {key: without_helm(one) for key, one in value.items() if key != "helm.sh/chart"}
    if value.get("app.kubernetes.io/managed-by") == "Helm":
        value["app.kubernetes.io/managed-by"] = "kustomize"
    return value


def dump(documents: list[dict]) -> str:
    return HEADER + yaml.dump_all(documents, Dumper=Dumper, sort_keys=False, width=110, explicit_start=True)


def main(folder: str) -> None:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    chart = Chart.load(Path(__file__).resolve().parents[1] / "helm/sonde")
    names = ["namespace.yaml"]
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": levels}}
    Path(target, "namespace.yaml").write_text(dump([namespace]))
    for path, rendered in sorted(chart.render({}, name="sonde", namespace=NAMESPACE).items()):
        if not path.endswith(".yaml"):
            continue
        found = [plain(document) for document in yaml.safe_load_all(rendered) if document]
        documents = [document for document in found if document]
        if documents:
            names.append(Path(path).name)
            Path(target, names[-1]).write_text(dump(documents))
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        "resources": sorted(names),
    }
    Path(target, "kustomization.yaml").write_text(dump([kustomization]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: scripts/manifests.py FOLDER")
    main(sys.argv[1])
