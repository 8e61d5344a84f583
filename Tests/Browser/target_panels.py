"""What stands on a target's page beside its latency: the path, the host, and what was lost."""

import time

from playwright.sync_api import expect

from world import A_NUMBER

AGES_SECONDS = (60, 30)
PAINTED = """(shares) => {
  const canvas = document.querySelector(".chart canvas");
  const over = document.querySelector(".u-over").getBoundingClientRect();
  const frame = canvas.getBoundingClientRect();
  const scale = canvas.width / frame.width;
  const painted = (from, to) => {
    const left = (over.left - frame.left + from * over.width) * scale;
    const width = (to - from) * over.width * scale;
    const { data } = canvas.getContext("2d").getImageData(left, (over.top - frame.top) * scale, width, 12 * scale);
    return data.filter((value, index) => index % 4 === 3 && value > 0).length / (data.length / 4);
  };
  return shares.map(([from, to]) => painted(from, to));
}"""


def shows_the_path(world):
    """shows the newest path to a target, hop by hop, and keeps an older one that was chosen"""
    panel = world.page.get_by_role("region", name="Path", exact=True)
    expect(panel.locator("table.hops tbody tr")).to_have_count(1)
    expect(panel).to_contain_text("1 hop, no change seen")
    seen = panel.get_attribute("data-trace")
    expect(panel).not_to_have_attribute("data-trace", seen)
    times = panel.get_by_label("Trace", exact=True)
    older = times.locator("option").nth(2).get_attribute("value")
    times.select_option(older)
    expect(panel).to_have_attribute("data-trace", older)
    count = len(world.witness.row_times)
    world.until(lambda: len(world.witness.row_times) > count + 5, "no rows came")
    expect(panel).to_have_attribute("data-trace", older)
    times.select_option("newest")
    times.blur()
    expect(panel).not_to_have_attribute("data-trace", older)


def shows_the_host(world):
    """shows an agent's host in numbers"""
    panel = world.page.get_by_role("region", name="Host", exact=True)
    for name in ("CPU", "Memory used", "Disk free", "Load, 1 min"):
        figure = panel.locator("dl > div").filter(has=world.page.get_by_text(name, exact=True))
        expect(figure.locator("dd")).to_contain_text(A_NUMBER)


def hatches_gaps(world):
    """hatches the times whose measurements were lost, and says how many"""
    agent = world.page.evaluate("import('/store.js').then(({ state }) => state.agents[0].id)")
    begin, end = (instant(time.time() - age) for age in AGES_SECONDS)
    gap = {"id": "g", "agent_id": agent, "from": begin, "to": end, "rows": 1234, "cause": "spool_full"}
    legend = world.page.locator(".legend")
    expect(legend).not_to_contain_text("lost")
    world.page.route("**/api/v1/gaps?*", lambda route: route.fulfill(json={"gaps": [gap]}))
    try:
        world.button("5 m").click()
        world.button("TRACE").first.click()
        expect(legend).to_contain_text("measurements lost")
        within, before = world.page.evaluate(PAINTED, [share(55, 40), share(160, 145)])
        assert within > 0.5 > 0.3 > before, f"the gap is not hatched: {within}, {before}"
        area = world.page.locator(".u-over").bounding_box()
        world.page.mouse.move(area["x"] + area["width"] * share(45, 45)[0], area["y"] + 150)
        tooltip = world.page.locator(".chart-tooltip")
        expect(tooltip).to_contain_text("1,234 measurements were lost here")
        expect(tooltip).to_contain_text("spool was full")
    finally:
        world.page.unroute("**/api/v1/gaps?*")


def instant(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def share(*ages):
    """Where in the last five minutes a time lies that is so many seconds ago."""
    return [1 - age / 300 for age in ages]


PANEL_STEPS = [shows_the_path, shows_the_host, hatches_gaps]
