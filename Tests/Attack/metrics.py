#!/usr/bin/env python3
"""Holds the pages of metrics to what Prometheus and OpenMetrics make of them.

    python3 Tests/Attack/metrics.py --page http://127.0.0.1:9090/metrics --page ...
"""

import argparse
import collections
import http.client
import subprocess
from urllib.parse import urlsplit

from prometheus_client import parser
from prometheus_client.openmetrics import parser as strict_parser

from target import PATIENCE_SECONDS, Failed, run

COUNTER = "_total"


def fetch(page):
    parts = urlsplit(page)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        if response.status != 200 or response.getheader("content-type") != "text/plain; version=0.0.4":
            raise Failed(f"answered {response.status}, {response.getheader('content-type')}")
        return response.read().decode()
    finally:
        connection.close()


def pleases_promtool(page):
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=fetch(page), capture_output=True, text=True, check=False)
    if done.returncode or done.stdout or done.stderr:
        raise Failed((done.stdout + done.stderr)[:500])


def has_each_series_once(page):
    seen = collections.Counter(
        (sample.name, *sorted(sample.labels.items()))
        for family in parser.text_string_to_metric_families(fetch(page)) for sample in family.samples)
    twice = [series for series, count in seen.items() if count > 1]
    if twice or not seen:
        raise Failed(f"{len(seen)} series, twice: {twice[:3]}")


def has_families_of_openmetrics(page):
    """There a counter's family has the name without its ending: no other may be called so."""
    lines = []
    for line in fetch(page).splitlines():
        words = line.split(" ", 3)
        if words[0] == "#" and words[2].endswith(COUNTER):
            words[2] = words[2].removesuffix(COUNTER)
        lines.append(" ".join(words))
    list(strict_parser.text_string_to_metric_families("\n".join([*lines, "# EOF", ""])))


def cases(pages):
    for page in pages:
        yield f"{page} is as promtool wants it", lambda page=page: pleases_promtool(page)
        yield f"{page} has each series once", lambda page=page: has_each_series_once(page)
        yield f"{page} has families of OpenMetrics", lambda page=page: has_families_of_openmetrics(page)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--page", action="append", required=True, help="the address of one process's metrics")
    options = options.parse_args()
    run(cases(options.page), lambda: None)


if __name__ == "__main__":
    main()
