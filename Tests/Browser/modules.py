"""What the page's modules promise by themselves; each is loaded into the page as the browser loads it."""

SILENCE = """async () => {
  const { state } = await import("/store.js");
  const { healthOfTarget } = await import("/health.js");
  const check = { id: "c", target_id: "t", type: "icmp", interval_ms: 1000, timeout_ms: 500, enabled: true };
  const trace = { ...check, id: "e", type: "trace" };
  const health = (samples, change = {}, checks = [check]) => {
    state.targets = new Map([["t", { id: "t", enabled: true, ...change }]]);
    state.checks = new Map([["t", checks]]);
    const rows = samples.map(([agentID, age, status, { id, type } = check]) =>
      [agentID, { checkID: id, type, targetID: "t", agentID, time: Date.now() - age, status }]);
    state.latest = new Map([["t", new Map(rows)]]);
    return healthOfTarget("t");
  };
  const seen = [
    health([]),
    health([["a", 100, "success"]]),
    health([["a", 100, "timeout"]]),
    health([["a", 9000, "success"]]),
    health([["a", 9000, "timeout"]]),
    health([["a", 100, "success"], ["b", 9000, "success"]]),
    health([["a", 100, "success"]], { enabled: false }),
    health([["a", 100, "success"], ["b", 100, "timeout", trace]], {}, [trace, check]),
    health([["a", 100, "success"], ["b", 9000, "success", trace]], {}, [check, trace]),
    health([["a", 100, "success"], ["b", 100, "timeout", { id: "c", type: "trace" }]]),
    health([["a", 100, "timeout"], ["b", 100, "success", trace]], {}, [check, trace]),
    health([["a", 8000, "success"]]),
  ];
  state.targets = null;
  state.checks.clear();
  state.latest.clear();
  return seen;
}"""

TIMELINE = """async () => {
  const { TimelineData } = await import("/timeline-data.js");
  const data = new TimelineData({
    from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:04Z", step_ms: 1000,
    series: [{
      check_id: "c", agent_id: "a", type: "icmp", origin: "here", count: [1, 1, 0, 0], failures: [0, 1, 0, 0],
      sent: [1, 1, 0, 0], received: [1, 0, 0, 0],
      min_ms: [2, null, null, null], mean_ms: [2, null, null, null], max_ms: [2, null, null, null],
    }],
  }, { type: "icmp", interval_ms: 500 });
  const add = (offset, latency, status = latency === null ? "timeout" : "success") => data.add({
    time: data.from + offset, agentID: "a", origin: "here", endpoint: "", sent: 1, received: latency === null ? 0 : 1,
    latency, status,
  });
  add(600, 4);
  add(700, 100);
  add(5200, 8);
  add(5700, null);
  add(6200, null, "success");
  const [times, mean, low, high] = data.columns(1500);
  return { times: times.map((time) => time - data.from), mean, low, high, failed: data.failures().length };
}"""

STREAM = """async () => {
  const sockets = [];
  const original = window.WebSocket;
  window.WebSocket = class extends EventTarget {
    static OPEN = 1;
    readyState = 1;
    sent = [];
    constructor() { super(); sockets.push(this); setTimeout(() => this.dispatchEvent(new Event("open"))); }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.readyState = 3; this.dispatchEvent(new Event("close")); }
    say(document) { this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(document) })); }
  };
  const until = async (condition) => { while (!condition()) await new Promise((go) => setTimeout(go, 5)); };
  const begin = async (socket, cursor) => {
    await until(() => socket.sent.length === 1);
    socket.say({ id: socket.sent[0].id, result: {} });
    await until(() => socket.sent.length === 2);
    socket.say({ id: socket.sent[1].id, result: { cursor } });
  };
  const { MeasurementStream } = await import("/stream.js");
  let [events, gaps, live] = [0, 0, 0];
  const stream = new MeasurementStream({
    onEvent: () => events++, onGap: () => gaps++, onRefused: () => {}, onState: (state) => (live += state === "live"),
  });
  stream.authenticate("first");
  await begin(sockets[0], 7);
  await until(() => live === 1);
  sockets[0].say({ method: "stream.measurements", params: { cursor: 9, batch: {} } });
  stream.authenticate("second");
  const again = sockets[0].sent[2];
  sockets[0].close();
  await until(() => sockets.length === 2);
  await begin(sockets[1], 9);
  await until(() => live === 2);
  const resumed = gaps;
  sockets[1].say({ method: "stream.gap", params: { after: 9, resumes_after: 20 } });
  sockets[1].close();
  await until(() => sockets.length === 3);
  await begin(sockets[2], 20);
  await until(() => live === 3);
  stream.stop();
  window.WebSocket = original;
  return {
    events, first: sockets[0].sent[1].params, token: again.params.token, second: sockets[1].sent[1].params,
    third: sockets[2].sent[1].params, gapsAtResume: resumed, gaps,
  };
}"""

NUMBERS = """async () => {
  const { percent, latency, duration } = await import("/format.js");
  return [percent(0.99999), percent(0.00001), percent(0), percent(1), latency(null), latency(0.05), latency(12.34),
    duration(3_700_000)].map((text) => text.replaceAll("\\u202f", " "));
}"""

PROBLEMS = """async () => {
  const { APIError } = await import("/api.js");
  const { placeProblem } = await import("/components/field-problem.js");
  const { h } = await import("/dom.js");
  return ["size must be a number", "size: expected a number", "it is wrong"].map((detail) => {
    const form = h("form", {}, h("label", {}, h("input", { "data-field": "size" })));
    document.body.append(form);
    const isPlaced = placeProblem(form, new APIError(400, "Bad Request", detail, "size"));
    form.remove();
    return isPlaced && form.textContent;
  });
}"""


def never_green_on_silence(world):
    """never calls a target up that has stopped reporting, and lets no trace decide; a long run is no silence"""
    silence = ["unknown", "up", "failing", "unknown", "unknown", "unknown", "paused"]
    expected = [*silence, "up", "up", "up", "failing", "up"]
    assert world.page.evaluate(SILENCE) == expected


def merges_live_rows(world):
    """merges live rows into the steps of a timeline, and breaks the line in a silence; no latency is no failure"""
    seen = world.page.evaluate(TIMELINE)
    assert seen["times"] == [500, 1500, 4500, 5500, 6500], seen
    assert seen["mean"] == [3, None, None, 8, None], "the third row of a full step is one that was fetched with it"
    assert (seen["low"], seen["high"], seen["failed"]) == ([2, None, None, 8, None], [4, None, None, 8, None], 2), seen


def resumes(world):
    """resumes the stream after its last cursor, renews its token in place, and asks for history after a gap"""
    seen = world.page.evaluate(STREAM)
    assert (seen["first"], seen["second"], seen["third"]) == ({}, {"cursor": 9}, {"cursor": 20}), seen
    assert (seen["events"], seen["token"]) == (1, "second"), seen
    assert (seen["gapsAtResume"], seen["gaps"]) == (1, 2), "history is loaded at first and after the gap only"


def never_rounds_away(world):
    """never rounds a failure away"""
    expected = ["> 99.99 %", "< 0.01 %", "0 %", "100 %", "–", "50 µs", "12.3 ms", "1h 1m"]
    assert world.page.evaluate(NUMBERS) == expected


def tells_rules(world):
    """tells what is wrong beside the field, without its name"""
    assert world.page.evaluate(PROBLEMS) == ["Must be a number", "Expected a number", "It is wrong"]


MODULE_STEPS = [never_green_on_silence, merges_live_rows, resumes, never_rounds_away, tells_rules]
