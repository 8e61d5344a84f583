#!/usr/bin/env python3
"""Drives the page of a running Sonde in Chromium, as a person would.

    python3 Tests/Browser/test_page.py --url http://localhost:8080 --email admin@localhost --password ...

Its last line is `N passed, N failed`; it exits 1 when anything failed.
"""

import argparse
import pathlib
import sys
import tempfile
import traceback

from playwright.sync_api import sync_playwright

from steps import STEPS
from world import World

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def arguments():
    parser = argparse.ArgumentParser(description="Drives the page of a running Sonde in Chromium.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--email", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--address", default="127.0.0.1", help="what the target that is added watches")
    parser.add_argument("--screenshots", type=pathlib.Path, help="a directory; a new one when left out")
    parser.add_argument("--chromium", default=CHROMIUM)
    return parser.parse_args()


def run(world):
    """Runs every step in order; one that fails leaves a picture and does not keep the others from running."""
    failed = 0
    for step in STEPS:
        sentence = step.__doc__.strip()
        try:
            step(world)
            print(f"ok      {sentence}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  {sentence}\n{traceback.format_exc()}", flush=True)
            world.picture(f"failed-{step.__name__}")
            world.close_dialogs()
    return failed


def main():
    options = arguments()
    directory = options.screenshots or pathlib.Path(tempfile.mkdtemp(prefix="sonde-page-"))
    directory.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        world = World(browser, options, directory)
        try:
            failed = run(world)
        finally:
            world.clean()
            browser.close()
    print(f"pictures in {directory}")
    print(f"{len(STEPS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
