"""Sees what a page does behind its face: errors, requests, and what its WebSocket is sent."""

import json
import re
from urllib.parse import urlsplit

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP violation: ${event.violatedDirective} ${event.blockedURI}`));
"""
# What the server refuses because a step has it refused; Chromium itself reports that as an error.
REFUSALS = (
    ("/auth/login$", "401"),
    ("/(checks|maintenance|silences|invitations|retention)$", "400"),
    ("/members/[0-9a-f-]+$", "409"),
)


class Witness:
    """Keeps every error of a page, every request to another origin, and the time of every row it was sent."""

    def __init__(self, page, url):
        self.errors = []
        self.foreign = []
        self.timelines = []
        self.row_times = set()
        self._origin = urlsplit(url).netloc
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)
        page.on("websocket", self._websocket)

    def _console(self, message):
        url = message.location.get("url", "")
        refused = any(re.search(path, url) and code in message.text for path, code in REFUSALS)
        if message.type == "error" and not refused:
            self.errors.append(message.text)

    def _request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._origin:
            self.foreign.append(request.url)
        if parts.path.endswith("/timeline"):
            self.timelines.append(request.url)

    def _websocket(self, socket):
        if urlsplit(socket.url).netloc != self._origin:
            self.foreign.append(socket.url)
        socket.on("framereceived", self._frame)

    def _frame(self, payload):
        message = json.loads(payload)
        if message.get("method") == "stream.measurements":
            times = message["params"]["batch"]["columns"]["timestamp"]
            self.row_times.update(time / 1000 for time in times)
