"""What Prometheus makes of the chart's alerts when series are gone or wrong, as promtool tells."""

import tempfile
from pathlib import Path

import yaml
from outcome import expect
from rendering import SERVICES

ABOUT = {"namespace": "sonde", "severity": "critical"}


def series(service: str, up: int) -> dict:
    return {"series": f'up{{namespace="sonde",service="{service}",pod="{service}-0"}}', "values": f"{up}x20"}


def endpoint(service: str) -> str:
    return f"sonde-{service}-{'metrics' if service == 'probe-agent' else 'mesh'}"


def missing(services: list[str], runbook: str) -> dict:
    """An alert for each of them, which names it."""
    alerts = [
        {
            "exp_labels": {**ABOUT, "service": endpoint(service)},
            "exp_annotations": {
                "summary": f"no pod behind {endpoint(service)} answers",
                "runbook_url": f"{runbook}#sondeservicemissing",
            },
        }
        for service in services
    ]
    return {"alertname": "SondeServiceMissing", "eval_time": "10m", "exp_alerts": alerts}


def name_what_is_missing(spec: dict, promtool) -> None:
    """Nobody is left of one service, another one answers no more, and the others are well."""
    runbook = spec["groups"][0]["rules"][0]["annotations"]["runbook_url"].split("#")[0]
    for gone, silent in (("store", "push"), ("probe-agent", "orchestrator")):
        seen = [series(endpoint(one), int(one != silent)) for one in SERVICES if one != gone]
        test = {"interval": "1m", "input_series": seen, "alert_rule_test": [missing([gone, silent], runbook)]}
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "rules.yaml").write_text(yaml.safe_dump(spec))
            (Path(folder) / "test.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [test]}))
            promtool("promtool", "test", "rules", f"{folder}/test.yaml")


def say_where(spec: dict) -> None:
    """Every alert has the namespace, also where its expression loses it: receivers are chosen by it."""
    for rule in spec["groups"][0]["rules"]:
        expect(rule["labels"].get("namespace") == "sonde", f"{rule['alert']} has no namespace")
