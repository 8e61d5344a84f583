/** What the metadata of a trace says, hop by hop. */

/**
 * @typedef {"fine" | "silent" | "lossy" | "own"} HopState `own` is loss that not all hops behind share: the router
 *   answers less than it forwards.
 *
 * @typedef {object} Hop
 * @property {number} number From 1.
 * @property {string[]} addresses None when nobody answered.
 * @property {number} sent
 * @property {number} received
 * @property {number} loss From 0 to 1.
 * @property {number | null} average Milliseconds, as all below.
 * @property {number | null} least
 * @property {number | null} last
 * @property {number | null} most
 * @property {number | null} jitter
 * @property {HopState} state
 *
 * @typedef {object} Path
 * @property {Hop[]} hops
 * @property {boolean} isReached
 * @property {number | null} changedHop Where the way differs from the last one.
 */

/**
 * @param {unknown} metadata
 * @returns {Path | null} Null when there are no hops in it.
 */
export function pathOf(metadata) {
  const { hops: columns, flows, changed_hop: changedHop } = /** @type {any} */ (metadata ?? {});
  if (!Array.isArray(columns?.address)) return null;
  const isReached = Array.isArray(flows) && flows.some((flow) => flow?.ending === "reached");
  /** @type {Hop[]} */
  const hops = columns.address.map((/** @type {unknown} */ address, /** @type {number} */ index) => {
    const [sent, received] = [numberAt(columns.sent, index) ?? 0, numberAt(columns.received, index) ?? 0];
    return {
      number: index + 1,
      addresses: address === null ? [] : [address].flat().map(String),
      sent,
      received,
      loss: sent > 0 ? (sent - received) / sent : 0,
      average: numberAt(columns.avg_ms, index),
      least: numberAt(columns.min_ms, index),
      last: numberAt(columns.last_ms, index),
      most: numberAt(columns.max_ms, index),
      jitter: numberAt(columns.jitter_ms, index),
      state: "fine",
    };
  });
  judge(hops, isReached);
  return { hops, isReached, changedHop: typeof changedHop === "number" ? changedHop : null };
}

/**
 * @param {unknown} column
 * @param {number} index
 */
function numberAt(column, index) {
  const value = Array.isArray(column) ? column[index] : null;
  return typeof value === "number" ? value : null;
}

/**
 * From the target backwards: loss is on the way only as long as all that answered behind it lost something too.
 *
 * @param {Hop[]} hops
 * @param {boolean} isReached
 */
function judge(hops, isReached) {
  let isShared = !isReached || (hops.at(-1)?.loss ?? 0) > 0;
  for (const hop of [...hops].reverse()) {
    if (hop.addresses.length === 0) {
      hop.state = "silent";
      continue;
    }
    isShared &&= hop.loss > 0;
    if (hop.loss > 0) hop.state = isShared ? "lossy" : "own";
  }
}
