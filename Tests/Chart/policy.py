"""Findings of checkov in what the chart makes, and in the Dockerfiles, that policy.yaml does not explain."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from rendering import MODES, ROOT, documents

FRAMEWORKS = {"kubernetes": "chart.yaml", "dockerfile": "Dockerfile"}


def findings(framework: str, folder: str) -> dict[str, list[str]]:
    """Resources by the check that they fail."""
    command = [sys.executable, "-m", "checkov.main", "--directory", folder, "--framework", framework]
    command += ["--output", "json", "--quiet", "--skip-download", "--soft-fail"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    report = json.loads(result.stdout)
    found: dict[str, list[str]] = {}
    for one in report["results"]["failed_checks"]:
        found.setdefault(f"{one['check_id']} {one['check_name']}", []).append(one["resource"])
    if report["summary"]["passed"] < 20:
        raise RuntimeError(f"checkov looked at next to nothing: {report['summary']}")
    return found


def unexplained() -> str:
    explained = yaml.safe_load(Path(__file__).with_name("policy.yaml").read_text())
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        manifests, dockerfiles = Path(folder, "manifests"), Path(folder, "dockerfiles")
        manifests.mkdir()
        for mode in ("default", "bundled", "postgres"):
            text = yaml.safe_dump_all(documents(MODES[mode]))
            Path(manifests, f"{mode}.yaml").write_text(text)
        for file in (ROOT / "Dockerfiles").iterdir():
            Path(dockerfiles, file.name).mkdir(parents=True)
            Path(dockerfiles, file.name, "Dockerfile").write_text(file.read_text())
        found |= findings("kubernetes", str(manifests))
        found |= findings("dockerfile", str(dockerfiles))
    names = {name.split(" ")[0]: name for name in found}
    wrong = [f"{names[check]} in {sorted(set(found[names[check]]))}" for check in sorted(set(names) - set(explained))]
    wrong += [f"{check} is explained, but no longer found" for check in sorted(set(explained) - set(names))]
    return "; ".join(wrong)
