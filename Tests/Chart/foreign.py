"""Kinds that are no part of Kubernetes, by models made of the definitions that their projects publish."""

import json

from cloudcoil.models.cert_manager import v1 as cert_manager
from cloudcoil.models.prometheus_operator import v1 as prometheus_operator
from pydantic import ValidationError

MODELS = {
    "cert-manager.io/v1": cert_manager,
    "monitoring.coreos.com/v1": prometheus_operator,
    # Nobody publishes models of it.
    "gateway.networking.k8s.io/v1": None,
}


def is_foreign(document: dict) -> bool:
    return document["apiVersion"] in MODELS


def complaint(document: dict) -> str:
    """What an API server would say against it; nothing when it takes it."""
    models = MODELS[document["apiVersion"]]
    if models is None:
        return "" if document["spec"] else "there is no spec"
    try:
        taken = getattr(models, document["kind"]).model_validate(document)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    # A model passes over what it does not know, as a server does that is not strict.
    known = json.loads(taken.model_dump_json(by_alias=True, exclude_unset=True))
    return ", ".join(f"{path} is not known" for path in unknown(document, known))


def unknown(given, known, path: str = "") -> list[str]:
    if isinstance(given, dict):
        missing = [f"{path}{key}" for key in given if not isinstance(known, dict) or key not in known]
        return missing or [one for key in given for one in unknown(given[key], known[key], f"{path}{key}.")]
    if isinstance(given, list):
        return [one for mine, theirs in zip(given, known) for one in unknown(mine, theirs, path)]
    return []


def notices() -> str:
    """Whether mistakes are seen at all: a misspelt field, a wrong word, and a field that is missing."""
    certificate = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "a"},
        "spec": {"secretName": "a", "issuerRef": {"name": "b"}, "privateKey": {"rotationPolicy": "Always"}},
    }
    wrong = [
        {**certificate["spec"], "secretNam": "a"},
        {**certificate["spec"], "privateKey": {"rotationPolicy": "Seldom"}},
        {"secretName": "a"},
    ]
    passed = [spec for spec in wrong if not complaint({**certificate, "spec": spec})]
    return complaint(certificate) or (f"takes {passed}" if passed else "")
