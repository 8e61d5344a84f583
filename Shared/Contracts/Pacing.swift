/// What lets many agents share one target's rate without a word to each other: time is cut into slots, of which each
/// belongs to one check of one agent.
///
/// A cycle has a slot for each of them, and a check uses its own in every cycle, or in one of several, as its interval
/// asks. The slots are those of the wall clock, so agents keep apart as well as their clocks agree.
public struct Pacing: Codable, Equatable, Sendable {
    /// The least time between two probes of the target, by whomever.
    public var slotMicroseconds: Int
    public var slotsPerCycle: Int
    /// The slot of the first agent; that of the next one is the next.
    public var firstSlot: Int
    /// The check fires in one cycle of so many.
    public var cycles: Int

    enum CodingKeys: String, CodingKey {
        case cycles
        case slotMicroseconds = "slot_us"
        case slotsPerCycle = "slots_per_cycle"
        case firstSlot = "first_slot"
    }

    /// For check number `check` of the `checks` of a target that takes `rate` probes a second from `agents` agents.
    ///
    /// `interval` is in microseconds; the check fires as often as that asks or as often as the rate allows.
    public init(rate: Double, agents: Int, check: Int, of checks: Int, interval: Int) {
        slotMicroseconds = max(1, Int((1_000_000 / rate).rounded(.up)))
        slotsPerCycle = max(1, agents * checks)
        firstSlot = check * agents
        let cycle = slotMicroseconds * slotsPerCycle
        cycles = max(1, (interval + cycle - 1) / cycle)
    }

    /// How often the check fires, and when on the wall clock's grid, for agent number `agent`; both in microseconds.
    public func grid(ofAgent agent: Int) -> (interval: Int, phase: Int) {
        let slot = firstSlot + agent
        let cycle = slotMicroseconds * slotsPerCycle
        return (cycle * cycles, slot * slotMicroseconds + slot % cycles * cycle)
    }
}
