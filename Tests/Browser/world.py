"""The browser, the page and the person that all steps share."""

import re
import uuid

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from person import Person
from witness import Witness

A_NUMBER = re.compile(r"\d")
PATIENCE_MILLISECONDS = 20_000
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 360, "height": 740}
# Far from where the services are, and no whole number of hours.
ZONE = "Pacific/Chatham"
EXCESS = """() => Math.max(...[document.documentElement, ...document.querySelectorAll("dialog[open]")].map(
  (element) => element.scrollWidth - element.clientWidth))"""
SETTLED = """() => document.getAnimations().every((animation) =>
  animation.playState !== "running" || animation.effect.getTiming().iterations === Infinity)"""


class World:
    def __init__(self, browser, options, directory):
        self.options = options
        self.url = options.url.rstrip("/")
        self.directory = directory
        self.name = f"Page test {uuid.uuid4().hex[:8]}"
        self.admin = Person(browser, self.url, options.email, options.password)
        self.member = Person(browser, self.url, f"{uuid.uuid4().hex[:8]}@example.org", f"good {uuid.uuid4().hex}")
        self.context = browser.new_context(viewport=WIDE, color_scheme="light", timezone_id=ZONE)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MILLISECONDS)
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        self.witness = Witness(self.page, self.url)
        self._axe = Axe()

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def row(self, name):
        """The row of a target in the overview."""
        link = self.page.get_by_role("link", name=name, exact=True)
        return self.page.locator("table.targets tbody tr").filter(has=link)

    def go(self, view):
        self.page.get_by_role("navigation").get_by_role("link", name=view).click()
        expect(self.page.get_by_role("heading", level=1, name=view)).to_be_visible()
        expect(self.page.get_by_role("status", name="Loading")).to_have_count(0)

    def sign_in(self, password):
        self.page.get_by_label("Email").fill(self.options.email)
        self.page.get_by_label("Password").fill(password)
        self.button("Sign in").click()

    def until(self, condition, complaint):
        """Waits for what only the test sees, while the page's events come in."""
        for _ in range(PATIENCE_MILLISECONDS // 50):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(complaint)

    def picture(self, name):
        self.page.screenshot(path=self.directory / f"{name}.png")

    def close_dialogs(self):
        """Whatever a failed step has left open."""
        self.page.evaluate("document.querySelectorAll('dialog').forEach((dialog) => dialog.close())")

    def look(self, name):
        """Pictures and axe in both themes, and a picture at 360 pixels, where nothing may stick out."""
        try:
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme)
                self.page.wait_for_function(SETTLED)
                self.picture(f"{name}-{scheme}")
                self.check(self.page, f"{name}, {scheme}")
            self.page.set_viewport_size(NARROW)
            self.picture(f"{name}-narrow")
            excess = self.page.evaluate(EXCESS)
            assert excess <= 0, f"{name} sticks out by {excess} pixels"
        finally:
            self.page.set_viewport_size(WIDE)
            self.page.emulate_media(color_scheme="light")

    def check(self, page, view):
        """Has axe look at a page."""
        violations = self._axe.run(page).response["violations"]
        found = [
            f"{violation['id']} ({violation['impact']}): {node['html'][:200]}"
            for violation in violations
            for node in violation["nodes"]
        ]
        assert not found, f"{view}:\n" + "\n".join(found)

    def clean(self):
        """Removes what a failed step has left behind."""
        if not self.admin.sign_in().ok:
            return
        lists = (("/targets", "targets", "name"), ("/maintenance", "maintenance", "reason"),
                 ("/silences", "silences", "reason"), ("/tenants", "tenants", "name"),
                 ("/members", "members", "email"), ("/invitations", "invitations", "email"))
        for path, key, name in lists:
            for one in self.admin.get(path)[key]:
                if self.name in one.get(name, "") or self.member.email in one.get(name, ""):
                    self.admin.call("DELETE", f"{path}/{one['id']}")
