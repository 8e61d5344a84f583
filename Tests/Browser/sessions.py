"""Spans of time that are kept under a name."""

import pathlib

from playwright.sync_api import expect

from world import ZONE


def session_row(world):
    return world.page.locator("table.sessions tbody tr").filter(has_text=world.name)


def keeps_a_session(world):
    """keeps the time that a timeline shows as a session, and says what is missing"""
    world.button("Keep this time as a session").click()
    dialog = world.page.get_by_role("dialog", name="Keep as a session")
    keep = dialog.get_by_role("button", name="Keep session")
    keep.click()
    expect(dialog.get_by_role("alert")).to_contain_text("A name is needed")
    dialog.get_by_label("Name").fill(f"{world.name} <b>as seen</b>")
    dialog.get_by_label("Note").fill("=1+1")
    expect(dialog).to_contain_text(f"Times are in {ZONE}")
    world.look("keep-session")
    keep.click()
    expect(dialog).to_be_hidden()
    world.go("Sessions")
    expect(session_row(world)).to_contain_text("<b>as seen</b>")
    world.look("sessions-kept")


def downloads_a_session(world):
    """downloads a session's measurements as CSV"""
    session_row(world).get_by_role("button").click()
    with world.page.expect_download() as download:
        world.page.get_by_role("menuitem", name="Download as CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    lines = pathlib.Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id,timestamp,target,type,latency_ms,status,metadata,origin", lines[0]
    assert len(lines) > 2 and all(f",{world.name}," in line for line in lines[1:]), lines[1:3]


def opens_a_session(world):
    """opens a target at the time of a session, and removes the session after asking"""
    session_row(world).get_by_role("link", name=world.name).click()
    expect(world.page.get_by_role("heading", level=1, name=world.name)).to_be_visible()
    expect(world.button("Live")).to_have_attribute("aria-pressed", "false")
    world.go("Sessions")
    session_row(world).get_by_role("button").click()
    world.page.get_by_role("menuitem", name="Remove").click()
    world.page.get_by_role("dialog").get_by_role("button", name="Remove session").click()
    expect(session_row(world)).to_have_count(0)
    world.go("Overview")
    world.row(world.name).get_by_role("link").click()
    expect(world.button("Live")).to_have_attribute("aria-pressed", "true")


SESSION_STEPS = [keeps_a_session, downloads_a_session, opens_a_session]
