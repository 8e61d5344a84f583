"""Maintenance and silences: spans of time that people plan, change and end."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from world import NARROW, WIDE, ZONE


def span(world, path, reason):
    """What the API says of the one with this reason; nothing when there is none."""
    key = "maintenance" if path == "/maintenance" else "silences"
    return next((one for one in world.admin.get(path)[key] if one["reason"] == reason), None)


def span_row(world, reason):
    return world.page.locator("table.spans tbody tr").filter(has_text=reason)


def choose(world, reason, item):
    span_row(world, reason).get_by_role("button").click()
    world.page.get_by_role("menuitem", name=item).click()
    return world.page.get_by_role("dialog")


def typed(moment):
    return moment.strftime("%Y-%m-%dT%H:%M")


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def has_ended(one):
    return instant(one["to"]) < datetime.now(ZoneInfo("UTC")) + timedelta(seconds=5)


def evening():
    """Tomorrow at ten in the evening, where the page's reader is."""
    tomorrow = datetime.now(ZoneInfo(ZONE)) + timedelta(days=1)
    return tomorrow.replace(hour=22, minute=0, second=0, microsecond=0)


def plans_maintenance(world):
    """plans maintenance in the reader's own zone, and says at the field what is missing or refused"""
    world.go("Maintenance")
    expect(world.page.locator(".page-head")).to_contain_text(f"Times are in {ZONE}")
    world.button("Plan maintenance").first.click()
    dialog = world.page.get_by_role("dialog", name="Plan maintenance")
    plan = dialog.get_by_role("button", name="Plan maintenance")
    plan.click()
    expect(dialog.get_by_role("alert")).to_have_text("Is missing: say why")
    dialog.get_by_label("Reason").fill(f"{world.name} works")
    plan.click()
    expect(dialog.get_by_role("alert")).to_have_text("Must name a target, unless labels do")
    expect(dialog.get_by_label("Targets", exact=True)).to_be_focused()
    world.look("plan-maintenance")
    dialog.get_by_label("Targets", exact=True).fill(world.name)
    dialog.get_by_role("checkbox").check()
    dialog.get_by_label("labels").fill("vienna")
    plan.click()
    expect(dialog.get_by_role("alert")).to_contain_text("Must be key=value")
    dialog.get_by_label("labels").fill("site=page test, room 5\nfloor=3")
    dialog.get_by_label("From").fill(typed(evening()))
    dialog.get_by_label("To", exact=True).fill(typed(evening() - timedelta(hours=1)))
    plan.click()
    expect(dialog.get_by_label("From")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("To", exact=True).fill(typed(evening() + timedelta(hours=2)))
    plan.click()
    expect(dialog).to_be_hidden()
    row = span_row(world, f"{world.name} works")
    expect(row).to_contain_text("Planned")
    expect(row).to_contain_text("22:00")
    expect(row.get_by_role("link", name=world.name)).to_be_visible()
    made = span(world, "/maintenance", f"{world.name} works")
    assert instant(made["from"]) == evening(), made
    assert instant(made["to"]) == evening() + timedelta(hours=2), made
    assert made["labels"] == {"site": "page test, room 5", "floor": "3"} and len(made["target_ids"]) == 1, made
    world.look("maintenance-planned")


def changes_maintenance(world):
    """changes of a maintenance what was changed, and nothing else"""
    dialog = choose(world, f"{world.name} works", "Change…")
    expect(dialog.get_by_label("From")).to_have_value(typed(evening()))
    expect(dialog.get_by_label("labels")).to_have_value("floor=3\nsite=page test, room 5")
    dialog.get_by_label("Reason").fill(f"{world.name} moves")
    dialog.get_by_label("From").fill(typed(datetime.now(ZoneInfo(ZONE)) - timedelta(hours=1)))
    with world.page.expect_request(lambda request: request.method == "PATCH") as sent:
        dialog.get_by_role("button", name="Change maintenance").click()
    expect(dialog).to_be_hidden()
    assert sent.value.post_data_json.keys() == {"reason", "from"}, sent.value.post_data_json
    expect(span_row(world, f"{world.name} moves")).to_contain_text("Now")
    changed = span(world, "/maintenance", f"{world.name} moves")
    assert instant(changed["to"]) == evening() + timedelta(hours=2), changed


def ends_maintenance(world):
    """ends a maintenance after asking, keeps it in the list, and removes it from there"""
    reason = f"{world.name} moves"
    choose(world, reason, "End now…").get_by_role("button", name="End maintenance").click()
    expect(span_row(world, reason)).to_have_count(0)
    assert has_ended(span(world, "/maintenance", reason))
    world.page.get_by_role("button", name="over").click()
    expect(span_row(world, reason)).to_contain_text("Over")
    choose(world, reason, "Remove…").get_by_role("button", name="Cancel").click()
    assert span(world, "/maintenance", reason)
    choose(world, reason, "Remove…").get_by_role("button", name="Remove maintenance").click()
    expect(span_row(world, reason)).to_have_count(0)
    assert span(world, "/maintenance", reason) is None


def silences(world):
    """silences incidents that fit what is chosen, of which there must be something"""
    world.go("Silences")
    world.button("Silence incidents").first.click()
    dialog = world.page.get_by_role("dialog", name="Silence incidents")
    dialog.get_by_label("Reason").fill(f"{world.name} is known")
    dialog.get_by_role("button", name="Silence incidents").click()
    expect(dialog.get_by_role("alert")).to_have_text("Must be chosen, or something else here")
    world.look("silence-incidents")
    for name, choice in (("target_id", world.name), ("check_type", "ICMP"), ("severity", "warning")):
        dialog.locator(f"select[name={name}]").select_option(label=choice)
    dialog.get_by_label("To", exact=True).fill(typed(evening() + timedelta(days=40)))
    dialog.get_by_role("button", name="Silence incidents").click()
    expect(dialog.get_by_role("alert")).to_have_text("Must be at most 31 days after from")
    dialog.get_by_label("To", exact=True).fill(typed(evening()))
    dialog.get_by_role("button", name="Silence incidents").click()
    expect(dialog).to_be_hidden()
    row = span_row(world, f"{world.name} is known")
    for text in ("Now", world.name, "ICMP", "warning"):
        expect(row).to_contain_text(text)
    made = span(world, "/silences", f"{world.name} is known")
    assert (made["check_type"], made["severity"], instant(made["to"])) == ("icmp", "warning", evening()), made
    assert "rule_id" not in made and "agent_id" not in made, made
    world.look("silences-now")


def ends_silence(world):
    """changes why there is a silence, and ends it after asking"""
    dialog = choose(world, f"{world.name} is known", "Change…")
    dialog.get_by_label("Reason").fill(f"{world.name} was known")
    dialog.get_by_role("button", name="Change silence").click()
    reason = f"{world.name} was known"
    expect(span_row(world, reason)).to_be_visible()
    assert span(world, "/silences", reason)
    choose(world, reason, "End now…").get_by_role("button", name="End silence").click()
    expect(span_row(world, reason)).to_have_count(0)
    assert has_ended(span(world, "/silences", reason))


def names_what_is_removed(world):
    """says of maintenance that its target is removed, and of a silence until it is forgotten for that"""
    page, reason = world.page, f"{world.name} was here"
    target = world.admin.call("POST", "/targets", {"address": world.options.address, "name": f"{world.name} gone"})
    about = {"reason": reason, "from": "2030-01-01T00:00:00Z", "to": "2030-01-01T01:00:00Z"}
    made = world.admin.call("POST", "/maintenance", {**about, "target_ids": [target.json()["id"]]}).json()
    assert world.admin.call("DELETE", f"/targets/{target.json()['id']}").ok
    silence = {**made, "target_id": target.json()["id"]}
    page.route("**/api/v1/silences", lambda route: route.fulfill(json={"silences": [silence]}))
    for view in ("Maintenance", "Silences"):
        world.go(view)
        page.reload()
        expect(span_row(world, reason).locator(".labels")).to_have_text("a removed target")
        world.look(f"{view.lower()}-removed")
    page.unroute("**/api/v1/silences")
    assert world.admin.call("DELETE", f"/maintenance/{made['id']}").ok


def waits_for_targets(world):
    """shows targets to choose from as soon as they are there"""
    page, held = world.page, []
    pattern = re.compile("/api/v1/targets")
    world.go("Maintenance")
    page.route(pattern, lambda route: held.append(route))
    page.reload()
    world.button("Plan maintenance").first.click()
    picker = page.get_by_role("dialog", name="Plan maintenance").locator(".picker")
    expect(picker).to_contain_text("Loading…")
    for route in held:
        route.continue_()
    page.unroute(pattern)
    expect(picker.get_by_role("checkbox").first).to_be_visible()
    world.close_dialogs()


def works_by_keyboard(world):
    """plans and removes maintenance with the keyboard alone, and keeps the focus near"""
    keyboard = world.page.keyboard
    world.go("Maintenance")
    world.button("Plan maintenance").first.focus()
    keyboard.press("Enter")
    dialog = world.page.get_by_role("dialog", name="Plan maintenance")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    keyboard.type(f"{world.name} by keys")
    dialog.get_by_label("Targets", exact=True).focus()
    keyboard.type(world.name)
    # Looks for targets, and sends nothing.
    keyboard.press("Enter")
    keyboard.press("Tab")
    keyboard.press("Space")
    expect(dialog.locator(".picker")).to_contain_text("1 chosen")
    for _ in ("labels", "Cancel", "Plan maintenance"):
        keyboard.press("Tab")
    keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    menu = span_row(world, f"{world.name} by keys").get_by_role("button")
    expect(menu).to_be_visible()
    expect(world.button("Plan maintenance")).to_be_focused()
    menu.focus()
    keyboard.press("Enter")
    expect(world.page.get_by_role("menuitem", name="Change…")).to_be_focused()
    keyboard.press("Escape")
    expect(menu).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    dialog = world.page.get_by_role("dialog", name=f"End {world.name} by keys?")
    dialog.get_by_role("button", name="End maintenance").focus()
    keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(world.page.locator("main")).to_be_focused()
    assert has_ended(span(world, "/maintenance", f"{world.name} by keys"))


def finds_all_when_narrow(world):
    """leads to every view on a narrow screen"""
    world.page.set_viewport_size(NARROW)
    try:
        more = world.button("More")
        for view in ("Silences", "Retention", "Team", "Tenants", "Maintenance"):
            more.click()
            world.page.get_by_role("menuitem", name=view).click()
            expect(world.page.get_by_role("heading", level=1, name=view)).to_be_visible()
            expect(more).to_have_attribute("aria-current", "page")
    finally:
        world.page.set_viewport_size(WIDE)


SPAN_STEPS = [
    plans_maintenance, changes_maintenance, ends_maintenance, silences, ends_silence, names_what_is_removed,
    waits_for_targets, works_by_keyboard, finds_all_when_narrow,
]
