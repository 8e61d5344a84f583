import { h } from "../dom.js";
import * as format from "../format.js";

/** Round trips are drawn no lower than this share of the highest one, so that a fast one is still seen. */
const lowest = 0.08;

/**
 * One bar a packet, as high as its round trip was long; what was lost stands in red from top to bottom.
 *
 * @param {(number | null)[]} roundTrips Milliseconds, in the order of sending; null for a lost packet.
 */
export function packetStrip(roundTrips) {
  const answered = roundTrips.flatMap((time) => (time === null ? [] : [time]));
  const most = Math.max(...answered, 0.001);
  const bars = roundTrips.map((time, index) => {
    const bar = h("span", {
      class: time === null ? "packet lost" : "packet",
      title: `Packet ${index + 1}: ${time === null ? "lost" : format.latency(time)}`,
    });
    bar.style.height = `${100 * (time === null ? 1 : Math.max(lowest, time / most))}%`;
    return bar;
  });
  const lost = roundTrips.length - answered.length;
  const range = answered.length ? `, ${format.latency(Math.min(...answered))} to ${format.latency(most)}` : "";
  const words = `${roundTrips.length} packets, ${lost} lost${range}`;
  return h(
    "figure",
    { class: "packets" },
    h("div", { class: "packet-bars", role: "img", "aria-label": words }, ...bars),
    h("figcaption", { class: "faint number" }, words),
  );
}
