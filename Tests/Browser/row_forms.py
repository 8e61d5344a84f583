"""The forms that a row's metadata take in its dialog. The rows are made up; the dialog is the page's."""

from playwright.sync_api import expect

OPEN = """async (change) => {
  const { openRowDialog } = await import("/components/row-dialog.js");
  openRowDialog({
    id: "01a1fa33-026f-7000-8ba0-ef61fca22fa7", time: Date.now(), checkID: "c", targetID: "t", agentID: "a",
    origin: "here", endpoint: "", type: "icmp", status: "success", latency: 1, sent: 1, received: 1, reason: null,
    metadata: {}, ...change,
  });
}"""

FAILED_ID = "01a1fa32-f6b6-7002-a80f-a0c885ecfb07"
TRACE_ID = "01a1fa33-026f-7001-9bb7-2519afe73cc0"


def show(world, metadata, **change):
    """Opens the dialog of a row with these metadata."""
    world.page.evaluate(OPEN, {"metadata": metadata, **change})
    return world.page.get_by_role("dialog", name="Measurement")


def close(world):
    world.page.keyboard.press("Escape")
    expect(world.page.get_by_role("dialog")).to_have_count(0)


def trace(received, ending="reached"):
    times = {f"{name}_ms": [0.5, 2, None, 60] for name in ("avg", "min", "last", "max", "jitter")}
    addresses = ["10.0.0.1", ["10.0.1.1", "10.0.2.1"], None, "fd00:1234:5678:9abc:def0:1234:5678:9abc"]
    return {
        "mode": "icmp",
        "hops": {"address": addresses, "sent": [10] * 4, "received": received, **times},
        "flows": [{"hops": 4, "ending": ending, "path": "...."}],
    }


def tells_loss_apart(world):
    """shows hops as a table, in which a router's own loss is never red, and loss that goes on is"""
    dialog = show(world, trace([10, 3, 0, 10]), type="trace")
    rows = dialog.locator("table.hops tbody tr")
    expect(rows.nth(1)).to_contain_text("10.0.1.1")
    expect(rows.nth(1)).to_contain_text("10.0.2.1")
    expect(rows.nth(1)).to_contain_text("70.0\u202f%")
    expect(rows.nth(2)).to_contain_text("silent")
    expect(dialog.locator("table.hops .bad")).to_have_count(0)
    expect(dialog).to_contain_text("the router's own")
    world.look("trace")
    close(world)
    dialog = show(world, trace([10, 6, 0, 7]), type="trace")
    expect(dialog.locator("table.hops .bad")).to_have_text(["40.0\u202f%", "30.0\u202f%"])
    expect(dialog).not_to_contain_text("the router's own")
    close(world)
    dialog = show(world, trace([10, 6, 0, 10]), type="trace")
    expect(dialog.locator("table.hops .bad")).to_have_count(0)
    close(world)


def leads_to_the_trace(world):
    """leads from a failed row to its trace, and back"""
    common = {key: "t" for key in ("target", "target_id")}
    common |= {"check_id": "c", "agent_id": "a", "origin": "here", "sent": 1, "received": 0}
    failed = {**common, "id": FAILED_ID, "timestamp": "2026-11-20T18:23:26Z", "type": "icmp", "status": "timeout",
              "reason": "timeout", "metadata": {"trace": TRACE_ID}}
    traced = {**common, "id": TRACE_ID, "timestamp": "2026-11-20T18:23:29Z", "type": "trace", "status": "success",
              "metadata": {**trace([10, 10, 0, 10]), "cause": FAILED_ID}}
    asked = []

    def answer(route):
        asked.append(route.request.url)
        found = [row for row in (traced, failed) if f"id={row['id']}" in route.request.url.split("?")[1].split("&")]
        route.fulfill(json={"measurements": found})

    world.page.route("**/api/v1/measurements?*check_id=c*", answer)
    try:
        dialog = show(world, failed["metadata"], id=FAILED_ID, status="timeout")
        dialog.get_by_role("button", name="Show the trace").click()
        expect(dialog.locator("table.hops")).to_be_visible()
        expect(dialog).to_contain_text(TRACE_ID)
        dialog.get_by_role("button", name="Show what it was made for").click()
        expect(dialog.locator("table.hops")).to_have_count(0)
        expect(dialog).to_contain_text(FAILED_ID)
        assert len(asked) == 2 and all("agent_id=a" in url for url in asked), asked
        close(world)
        dialog = show(world, {"trace": "01a1fa33-026f-7001-9bb7-000000000000"}, status="timeout")
        dialog.get_by_role("button", name="Show the trace").click()
        expect(dialog).to_contain_text("has not come in yet")
        close(world)
    finally:
        world.page.unroute("**/api/v1/measurements?*check_id=c*")


def shows_certificates(world):
    """shows a certificate as facts, red when few days are left, and a run's time by phase"""
    metadata = {
        "certificate_subject": "CN=web", "certificate_issuer": "CN=Some CA",
        "certificate_names": ["web.sim", "www.web.sim"],
        "certificate_ends": "2027-02-18T08:22:41Z", "certificate_days": 5.4, "tls_version": "TLSv1.3", "alpn": "h2",
        "dns_ms": 1, "connect_ms": 30, "tls_ms": 40, "first_byte_ms": 20, "total_ms": 100, "status": 200,
    }
    dialog = show(world, metadata, type="http")
    facts = dialog.locator("dl.certificate")
    for text in ("CN=web", "CN=Some CA", "web.sim, www.web.sim", "TLSv1.3, h2"):
        expect(facts).to_contain_text(text)
    expect(facts.locator(".bad")).to_have_text("5 days left, 18 Feb 2027")
    legend = dialog.locator(".phase-legend")
    expect(legend).to_contain_text("TLS40.0\u202fms")
    expect(legend).to_contain_text("Body9.00\u202fms")
    shares = dialog.locator(".phase-bar > span").evaluate_all("(all) => all.map((one) => one.offsetWidth)")
    assert shares[2] > shares[1] > shares[3] > shares[4] > shares[0], shares
    expect(dialog.locator("dl.tree")).to_have_text("status200")
    world.look("certificate")
    close(world)
    dialog = show(world, {**metadata, "certificate_days": 90.2}, type="http")
    expect(facts.locator(".bad")).to_have_count(0)
    close(world)


def shows_packets(world):
    """shows a run of packets as a strip, with what was lost marked"""
    dialog = show(world, {"rtt_ms": [1, 2, None, 4, None], "jitter_ms": 0.5}, sent=5, received=3)
    strip = dialog.get_by_role("img", name="5 packets, 2 lost, 1.00\u202fms to 4.00\u202fms")
    expect(strip.locator(".packet")).to_have_count(5)
    expect(strip.locator(".packet.lost")).to_have_count(2)
    heights = strip.locator(".packet").evaluate_all("(all) => all.map((one) => one.offsetHeight)")
    assert heights[0] < heights[1] < heights[3], heights
    expect(dialog.locator("dl.tree")).to_have_text("jitter_ms0.5")
    world.look("packets")
    close(world)


ROW_STEPS = [tells_loss_apart, leads_to_the_trace, shows_certificates, shows_packets]
