"""The options of checks: what is sent of them, and where the page says that one was refused."""

from playwright.sync_api import expect

ALL_TYPES = ("icmp", "tcp", "http", "dns", "tls", "udp", "stamp", "trace", "mtu", "host")
FAST = "500"


def add_checks(world, *types):
    """Opens the dialog with these types chosen, and returns it with the part of each."""
    world.button("Add checks").click()
    dialog = world.page.get_by_role("dialog", name="Add checks")
    parts = {type: dialog.locator(f"[data-check={type}]") for type in ALL_TYPES}
    for type, part in parts.items():
        part.get_by_role("checkbox").first.set_checked(type in types)
    return dialog, parts


def submit(dialog):
    dialog.get_by_role("button", name="Add checks").click()


def is_addition(request):
    return request.url.endswith("/checks") and request.method == "POST"


def refuses_at_the_field(world):
    """says at the field of an option what the server finds wrong with it"""
    dialog, parts = add_checks(world, "trace")
    fold = parts["trace"].locator("details")
    fold.locator("summary").click()
    field = parts["trace"].get_by_label("Packets a hop")
    field.fill("0")
    fold.locator("summary").click()
    submit(dialog)
    expect(fold).to_have_attribute("open", "")
    expect(dialog.get_by_role("alert")).to_have_text("Must be from 1 to 1000, got 0")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    world.look("options")
    field.fill("many")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    submit(dialog)
    expect(dialog.get_by_role("alert")).to_have_text("Must be a number")
    world.page.keyboard.press("Escape")


def sends_types(world):
    """sends options as booleans, lists, numbers and pairs, and nothing that holds anyway"""
    dialog, parts = add_checks(world, "http")
    http = parts["http"]
    http.locator("summary").click()
    http.get_by_label("URL", exact=True).fill(f"{world.url}/healthz")
    http.get_by_label("Timeout").fill("1500")
    http.get_by_label("Method").select_option("POST")
    http.get_by_label("HTTP version").select_option("1.1")
    http.get_by_label("Redirects").fill("2")
    http.get_by_label("Status codes").fill("200, 405")
    http.get_by_label("Headers to send").fill("accept: text/plain\n\nx-note: a: b")
    http.get_by_label("Trace the way").uncheck()
    http.get_by_label("Must not be reachable").check()
    http.get_by_label("Must not be reachable").uncheck()
    with world.page.expect_request(is_addition) as sent:
        submit(dialog)
    expect(dialog).to_be_hidden()
    body = sent.value.post_data_json
    del body["target_id"]
    assert body == {
        "type": "http",
        "interval_ms": 2500,
        "timeout_ms": 1500,
        "options": {
            "url": f"{world.url}/healthz",
            "method": "POST",
            "http_version": "1.1",
            "redirects": 2,
            "expected_status": [200, 405],
            "headers": {"accept": "text/plain", "x-note": "a: b"},
            "trace_on_failure": False,
        },
    }, body


def adds_once(world):
    """adds none of several checks twice when a later one is refused"""
    dialog, parts = add_checks(world, "tcp", "tls")
    days = parts["tls"].get_by_label("Days the certificate must last")
    days.fill("9999")
    submit(dialog)
    expect(days).to_have_attribute("aria-invalid", "true")
    expect(parts["tcp"].get_by_role("checkbox").first).not_to_be_checked()
    days.fill("7")
    submit(dialog)
    expect(dialog).to_be_hidden()
    names = world.page.locator("table.checks-table .target-name")
    expect(names.filter(has_text="TLS")).to_have_count(1)
    expect(names.filter(has_text="TCP")).to_have_count(1)


def takes_every_type(world):
    """runs all ten types of check, and shows them in the overview"""
    dialog, parts = add_checks(world, "dns", "udp", "stamp", "trace", "mtu", "host")
    for type in ("trace", "host"):
        parts[type].get_by_label("Every").select_option(FAST)
    # Others take a group of the system's for an agent without privileges.
    parts["trace"].locator("[name=mode]").select_option("udp")
    submit(dialog)
    expect(dialog).to_be_hidden()
    expect(world.page.locator("table.checks-table tbody tr")).to_have_count(len(ALL_TYPES))
    name = world.page.locator(".target-name", has_text="HOST")
    evidence = world.page.locator("table.checks-table tr").filter(has=name)
    expect(evidence.locator(".health")).to_have_text("Reports")
    world.go("Overview")
    expect(world.row(world.name).locator(".types .tag")).to_have_count(len(ALL_TYPES))
    world.look("ten-types")
    world.page.get_by_role("link", name=world.name, exact=True).click()


OPTION_STEPS = [refuses_at_the_field, sends_types, adds_once, takes_every_type]
