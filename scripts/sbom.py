#!/usr/bin/env python3
"""Writes what an image consists of as SPDX 2.3: its Debian packages, which come in as lines of name, version and
architecture, the program itself with Swift's libraries inside, and what the gateway has for pages and hosts.

Usage: scripts/sbom.py IMAGE VERSION REVISION < PACKAGES
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

NONE = "NOASSERTION"


def package(name: str, version: str, purl: str | None = None, supplier: str = NONE) -> dict:
    entry = {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", f"Package-{name}"),
        "name": name,
        "versionInfo": version,
        "supplier": supplier,
        "downloadLocation": NONE,
        "filesAnalyzed": False,
        "licenseConcluded": NONE,
        "licenseDeclared": NONE,
        "copyrightText": NONE,
    }
    if purl:
        reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
        entry["externalRefs"] = [reference]
    return entry


def debian(line: str) -> dict:
    name, version, architecture = line.rstrip("\n").split("\t")
    quoted = version.replace("+", "%2B").replace(":", "%3A")
    purl = f"pkg:deb/debian/{name}@{quoted}?arch={architecture}&distro=debian-12"
    return package(name, version, purl, "Organization: Debian")


def vendored() -> list[dict]:
    """The wheels that scripts/vendor.sh names, by name and version."""
    text = Path(__file__).with_name("vendor.sh").read_text()
    pins = re.findall(r"^readonly \w+=([A-Za-z0-9_.-]+)==([0-9.]+)$", text, re.MULTILINE)
    return [package(name, version, f"pkg:pypi/{name}@{version}") for name, version in pins]


def swift_version() -> str:
    """Of the compiler at hand, which is the image's where the image was built."""
    try:
        said = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return NONE
    found = re.search(r"Swift version ([0-9.]+)", said)
    return found[1] if found else NONE


def document(image: str, version: str, revision: str, lines: list[str]) -> dict:
    program = package(f"sonde-{image}", version)
    parts = [package("swift-runtime", swift_version(), supplier="Organization: Swift.org")]
    parts += [debian(line) for line in lines if line.strip()]
    if image == "gateway":
        # With the agent's package, for hosts outside.
        parts += [*vendored(), package("sonde-agent", version)]
    created = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    contained = [
        {"spdxElementId": program["SPDXID"], "relationshipType": "CONTAINS", "relatedSpdxElement": part["SPDXID"]}
        for part in parts
    ]
    describes = {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": program["SPDXID"],
    }
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"sonde-{image}-{version}",
        "documentNamespace": f"urn:sonde:spdx:{image}:{version}:{revision}",
        "creationInfo": {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", created),
            "creators": ["Tool: scripts/sbom.py"],
        },
        "packages": [program, *parts],
        "relationships": [describes, *contained],
    }


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit("usage: scripts/sbom.py IMAGE VERSION REVISION < PACKAGES")
    json.dump(document(*sys.argv[1:], sys.stdin.readlines()), sys.stdout, indent=1)
    print()
