"""What the page must do, in order; each step's sentence is what is printed of it."""

from playwright.sync_api import expect

from api_page import API_STEPS
from check_options import OPTION_STEPS
from joining import JOIN_STEPS
from modules import MODULE_STEPS
from row_forms import ROW_STEPS
from sessions import SESSION_STEPS
from spans import SPAN_STEPS
from target_panels import PANEL_STEPS
from team import LEAVING_STEPS, TEAM_STEPS
from tenants import TENANT_STEPS
from world import A_NUMBER

VIEWS = ("Overview", "Incidents", "Sessions", "Agents")


def refuses(world):
    """refuses a wrong password and says so"""
    world.page.goto(world.url)
    expect(world.button("Sign in")).to_be_visible()
    world.look("sign-in")
    world.sign_in("certainly not it")
    expect(world.page.get_by_role("alert")).to_contain_text("do not match")


def signs_in(world):
    """signs in, shows every target and goes live"""
    world.sign_in(world.options.password)
    expect(world.page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
    expect(world.page.locator("table.targets tbody tr").first).to_be_visible()
    expect(world.page.locator(".connection")).to_have_text("Live")


def sums_up(world):
    """sums up the last hour in numbers"""
    for name in ("targets", "success", "p50", "p95", "p99", "throughput", "incidents"):
        expect(world.page.locator(f"[data-card={name}]")).to_have_text(A_NUMBER)


def moves(world):
    """moves rows when the WebSocket brings measurements"""
    times = "[...document.querySelectorAll('td.last')].map((cell) => cell.dataset.time)"
    before = world.page.evaluate(times)
    fresh = world.page.wait_for_function(
        f"(before) => {times}.find((time) => time && !before.includes(time))", arg=before
    ).json_value()
    assert float(fresh) in world.witness.row_times, "the row did not come over the WebSocket"


def searches(world):
    """searches and sorts"""
    search = world.page.get_by_role("searchbox", name="Search targets")
    search.fill("no such target at all")
    expect(world.page.get_by_text("No target matches")).to_be_visible()
    search.fill("")
    world.button("Target").click()
    expect(world.page.get_by_role("columnheader", name="Target")).to_have_attribute("aria-sort", "ascending")
    names = [name.lower() for name in world.page.locator("table.targets .target-name").all_inner_texts()]
    assert names == sorted(names), f"not sorted by name: {names}"


def adds(world):
    """adds a target, which is probed at once"""
    world.button("Add target").click()
    dialog = world.page.get_by_role("dialog", name="Add a target")
    dialog.get_by_role("button", name="Add target").click()
    expect(dialog.get_by_role("alert")).to_contain_text("an address is needed")
    dialog.get_by_label("Address").fill(world.options.address)
    dialog.get_by_label("Name", exact=True).fill(world.name)
    dialog.locator("[data-check=icmp]").get_by_label("Every").select_option("500")
    world.look("add-target")
    dialog.get_by_role("button", name="Add target").click()
    expect(world.page.get_by_role("heading", level=1, name=world.name)).to_be_visible()
    # Rows stand still under a pointer.
    world.page.mouse.move(0, 0)
    expect(world.page.locator("table.rows tbody tr").nth(5)).to_be_visible()
    expect(world.page.locator(".target-head .health")).to_have_text("Up")


def draws(world):
    """draws its timeline, live and back into history"""
    frame = world.page.get_by_role("application")
    expect(frame.locator("canvas")).to_be_visible()
    expect(frame.get_by_role("status")).to_be_hidden()
    seen = frame.get_attribute("data-to")
    expect(frame).not_to_have_attribute("data-to", seen)
    fetched = len(world.witness.timelines)
    frame.press("ArrowLeft")
    expect(world.button("Live")).to_have_attribute("aria-pressed", "false")
    world.button("24 h").click()
    world.until(lambda: len(world.witness.timelines) > fetched, "no history was fetched")
    world.button("5 m").click()
    expect(world.button("Live")).to_have_attribute("aria-pressed", "true")


def drags(world):
    """pans the timeline under a pointer"""
    area = world.page.locator(".u-over").bounding_box()
    middle = area["y"] + area["height"] / 2
    world.page.mouse.move(area["x"] + 200, middle)
    world.page.mouse.down()
    world.page.mouse.move(area["x"] + 500, middle, steps=5)
    world.page.mouse.up()
    expect(world.button("Live")).to_have_attribute("aria-pressed", "false")
    world.button("Live").click()
    expect(world.button("Live")).to_have_attribute("aria-pressed", "true")


def explains(world):
    """opens a row, with its metadata, by keyboard"""
    opener = world.page.locator(".row-open").first
    opener.focus()
    opener.press("Enter")
    dialog = world.page.get_by_role("dialog", name="Measurement")
    expect(dialog.get_by_text("Metadata")).to_be_visible()
    world.look("measurement")
    world.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    world.page.locator("h1").click()


def pauses(world):
    """pauses the target and resumes it"""
    state = world.page.locator(".target-head .health")
    world.button("Pause").click()
    expect(state).to_have_text("Paused")
    world.button("Resume").click()
    expect(state).to_have_text("Up")


def looks_well(world):
    """passes axe in every view, light and dark, and fits 360 pixels"""
    world.look("target")
    for view in VIEWS:
        world.go(view)
        world.look(view.lower())


def lists(world):
    """lists incidents and the agents that are online"""
    world.go("Incidents")
    world.button("Resolved").click()
    expect(world.button("Resolved")).to_have_attribute("aria-pressed", "true")
    expect(world.page.get_by_role("status", name="Loading")).to_have_count(0)
    world.look("incidents-resolved")
    world.go("Agents")
    expect(world.page.locator("table.agents").get_by_text("Online").first).to_be_visible()


def remembers(world):
    """remembers the theme and the session over a reload, and the role in every view"""
    world.go("Sessions")
    world.page.reload()
    expect(world.button("New session")).to_be_visible()
    world.go("Overview")
    world.button("Use the dark theme").click()
    world.page.reload()
    expect(world.row(world.name)).to_be_visible()
    expect(world.page.locator("html")).to_have_attribute("data-theme", "dark")
    world.button("Use the light theme").click()
    expect(world.page.locator("html")).to_have_attribute("data-theme", "light")


def removes(world):
    """removes the target after asking"""
    world.row(world.name).get_by_role("button").click()
    world.page.get_by_role("menuitem", name="Remove…").click()
    dialog = world.page.get_by_role("dialog")
    expect(dialog).to_contain_text(world.name)
    dialog.get_by_role("button", name="Remove target").click()
    expect(world.row(world.name)).to_have_count(0)


def signs_out(world):
    """signs out and forgets the session"""
    world.button("Sign out").click()
    expect(world.button("Sign in")).to_be_visible()
    assert world.page.evaluate("sessionStorage.length") == 0
    world.page.reload()
    expect(world.button("Sign in")).to_be_visible()


def stays_clean(world):
    """makes no console error, no CSP violation and no request to another origin"""
    assert not world.witness.errors, "\n".join(world.witness.errors)
    assert not world.witness.foreign, "\n".join(world.witness.foreign)


STEPS = [
    refuses, signs_in, sums_up, moves, searches, adds, draws, drags, explains,
    pauses, *SESSION_STEPS, *OPTION_STEPS, *PANEL_STEPS, *ROW_STEPS, looks_well, lists,
    *SPAN_STEPS, *TEAM_STEPS, *TENANT_STEPS, *JOIN_STEPS, *LEAVING_STEPS, remembers, removes, signs_out,
    *MODULE_STEPS, *API_STEPS, stays_clean,
]
