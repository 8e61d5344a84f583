"""The description of the API, to be read and tried."""

from playwright.sync_api import expect


def shows_the_api(world):
    """shows the API at /docs, under the same policy and from this place alone"""
    page = world.context.new_page()
    errors, foreign = [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url) if world.url not in request.url else None)
    try:
        page.goto(f"{world.url}/docs")
        expect(page.get_by_role("heading", name="Sonde")).to_be_visible()
        page.locator("[data-tag=target]").click()
        expect(page.get_by_text("Lists targets by name.")).to_be_visible()
        page.screenshot(path=world.directory / "api.png")
    finally:
        page.close()
    assert not errors, errors
    assert not [url for url in foreign if not url.startswith("data:")], foreign


API_STEPS = (shows_the_api,)
