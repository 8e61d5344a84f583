import EventLoop
import Observability

/// A network in memory, with a clock that its owner turns.
///
/// Packets enter with `send`, move as `run` lets time pass, and leave through `deliver` when they come to a vantage
/// point. The same description and the same packets at the same times make the same fates. Confined to one thread.
public final class SimulatedNetwork {
    /// Called with each packet that comes to a vantage point, and when: nanoseconds since the network began.
    public var deliver: (_ packet: [UInt8], _ vantage: String, _ time: UInt64) -> Void = { _, _, _ in }
    /// Called once for each packet, when its way is over.
    public var record: ((PacketFate) -> Void)?
    /// The time at which a packet that comes to a vantage point really leaves the network, which may be a little late.
    ///
    /// `nil`: as soon as it comes.
    public var departure: (() -> UInt64)?
    /// Nanoseconds since the network began.
    public private(set) var now: UInt64 = 0

    /// Whether who measures goes by `clock` too, so that the hosts may say that theirs is right.
    var hasSharedClock = false
    /// When networks begin: the first moment of 2026, in nanoseconds since 1970.
    private static let beginning: UInt64 = 1_767_225_600_000_000_000
    /// What the clocks of all nodes say now, in nanoseconds since 1970.
    public var clock: UInt64 { Self.beginning + now }

    /// Nanoseconds from a node to itself.
    private static let localDelay: UInt64 = 10_000

    /// A packet under way.
    private struct Flight {
        var number: Int
        var cause: Int?
        var isCopy = false
        var packet: IPPacket
        var flow: UInt64
        var sentAt: UInt64
        /// The nodes that it has come to.
        var path: [Int]
    }

    private enum Event {
        case arrival(Flight, node: Int)
        /// A fault begins or ends.
        case change
        case call(() -> Void)
        /// A host looks after a connection.
        case wake(TCPFlow, node: Int)
    }

    private let description: NetworkDescription
    private let names: DNSAnswer
    private let nodesByName: [String: Int]
    private let nodesByAddress: [IPAddress: Int]
    /// Two of each link: from the first of its ends, and from the second.
    private var directions: [LinkDirection] = []
    private var conditions: Conditions
    private var events = TimedQueue<Event>()
    private var packetCount = 0
    private var budgets: [NoticeBudget?] = []
    private var servers: WebServers
    private var reflector = STAMPService()

    /// Hosts that speak TLS do so when `authority`, which was made for this network, vouches for them.
    public init(_ description: NetworkDescription, authority: SimulatedAuthority? = nil) {
        self.description = description
        let nodes = description.nodes
        servers = WebServers(nodes, authority)
        names = DNSAnswer(nodes)
        budgets = nodes.map { $0.noticesPerSecond.map(NoticeBudget.init) }
        nodesByName = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1.name, $0) })
        nodesByAddress = Dictionary(
            uniqueKeysWithValues: nodes.enumerated().flatMap { index, node in node.addresses.map { ($0, index) } }
        )
        conditions = Conditions(of: description, nodesByName, at: 0)
        var seeds = SplitMix64(seed: description.seed)
        directions = description.links.flatMap { link in
            link.ends.map { LinkDirection(link.way(from: $0).behaviour, seed: seeds.next()) }
        }
        for fault in description.faults {
            events.push(.change, at: fault.start.nanoseconds)
            events.push(.change, at: fault.end.nanoseconds)
        }
    }

    /// Time of the next thing that happens; `nil` when nothing will unless a packet is sent.
    public var nextEvent: UInt64? { events.nextTime }

    /// Puts a packet into the network at a node, now; bytes that are no packet, or one for many, are ignored.
    ///
    /// Returns its number.
    @discardableResult
    public func send(_ bytes: [UInt8], from name: String) -> Int? {
        guard let node = nodesByName[name], let packet = IPPacket(bytes), !packet.isMulticast else { return nil }
        return send(packet, from: node, cause: nil)
    }

    /// Calls back at a time, which is not before `now`.
    public func schedule(at time: UInt64, _ call: @escaping () -> Void) {
        events.push(.call(call), at: max(time, now))
    }

    /// Lets everything happen up to a time, which becomes `now`.
    public func run(until time: UInt64) {
        while let next = events.nextTime, next <= time, let (event, _) = events.pop() {
            now = next
            switch event {
            case .change: conditions = Conditions(of: description, nodesByName, at: now)
            case .arrival(let flight, let node): arrive(flight, at: node)
            case .wake(let flow, let node): wake(flow, at: node)
            case .call(let call): call()
            }
        }
        now = max(now, time)
    }

    /// Bytes of the largest packet that every link of a node takes.
    func linkSize(of name: String) -> Int {
        description.links.filter { $0.ends.contains(name) }.map { $0.way(from: name).behaviour.mtu }.min()
            ?? LinkBehaviour().mtu
    }

    /// Ends the network: what is still under way is written down as that.
    public func finish() {
        while let (event, _) = events.pop() {
            if case .arrival(let flight, _) = event { end(flight, .underway) }
        }
    }

    // MARK: Ways

    private func send(_ packet: IPPacket, from node: Int, cause: Int?) -> Int {
        packetCount += 1
        var flight = Flight(
            number: packetCount,
            cause: cause,
            packet: packet,
            flow: packet.flowHash,
            sentAt: now,
            path: [node]
        )
        if nodesByAddress[packet.destination] == node {
            // It does not leave the node, but it takes its time: an answer to oneself may be followed by another one.
            flight.path = []
            events.push(.arrival(flight, node: node), at: now + Self.localDelay)
        } else {
            forward(flight, from: node)
        }
        return flight.number
    }

    private func arrive(_ flight: Flight, at node: Int) {
        var flight = flight
        flight.path.append(node)
        guard !conditions.isDown[node] else { return end(flight, .nodeDown) }
        guard nodesByAddress[flight.packet.destination] != node else { return take(flight, at: node) }
        guard description.nodes[node].role == .router else { return end(flight, .noRoute) }
        guard flight.packet.hopLimit > 1 else {
            end(flight, .expired)
            return tell(.hopLimitExceeded, flight, at: node)
        }
        flight.packet.hopLimit -= 1
        forward(flight, from: node)
    }

    private func forward(_ flight: Flight, from node: Int) {
        guard !conditions.isDown[node] else { return end(flight, .nodeDown) }
        let destination = nodesByAddress[flight.packet.destination]
        let edges = destination.map { conditions.routes.next(from: node, to: $0) } ?? []
        guard !edges.isEmpty else {
            end(flight, .noRoute)
            return tell(.noRoute, flight, at: node)
        }
        let edge = edges[Int(spread(flight.flow, at: node) % UInt64(edges.count))]
        let link = description.links[edge.link]
        let direction = edge.link * 2 + (link.ends[0] == description.nodes[node].name ? 0 : 1)
        let largest = directions[direction].behaviour.mtu
        guard flight.packet.bytes.count <= largest || !flight.packet.mayNotBeFragmented else {
            end(flight, .tooBig)
            return tell(.tooBig(largest), flight, at: node)
        }
        let passage = directions[direction].pass(
            flight.packet.bytes.count,
            of: spread(flight.flow, at: edge.neighbour),
            at: now,
            conditions.impairments(of: direction, version: flight.packet.version)
        )
        switch passage {
        case .lost: end(flight, .lost)
        case .queueFull: end(flight, .queueFull)
        case .arrives(let time, let copy):
            events.push(.arrival(flight, node: edge.neighbour), at: time)
            guard let copy else { return }
            var second = flight
            second.isCopy = true
            events.push(.arrival(second, node: edge.neighbour), at: copy)
        }
    }

    /// What a node makes of a flow: another number at each, though the flow is the same.
    private func spread(_ flow: UInt64, at node: Int) -> UInt64 {
        var mixer = SplitMix64(seed: flow ^ (description.seed &+ UInt64(node)))
        return mixer.next()
    }

    private func end(_ flight: Flight, _ outcome: PacketFate.Outcome, at time: UInt64? = nil) {
        guard let record else { return }
        record(
            PacketFate(
                number: flight.number,
                cause: flight.cause,
                isCopy: flight.isCopy,
                source: flight.packet.source,
                destination: flight.packet.destination,
                protocolNumber: flight.packet.protocolNumber,
                byteCount: flight.packet.bytes.count,
                sentAt: flight.sentAt,
                endedAt: time ?? now,
                outcome: outcome,
                path: flight.path.map { description.nodes[$0].name }
            )
        )
    }

    // MARK: Answers

    /// Sends the sender of a packet word of what became of it.
    private func tell(_ reason: Undeliverable, _ flight: Flight, at node: Int) {
        guard description.nodes[node].answers, budgets[node]?.take(at: now) != false,
            let own = address(of: node, for: flight.packet),
            let notice = flight.packet.notice(reason, from: own, quoting: description.nodes[node].quotedBytes)
        else { return }
        _ = send(notice, from: node, cause: flight.number)
    }

    /// A packet that is where it was to go.
    private func take(_ flight: Flight, at node: Int) {
        let here = description.nodes[node]
        guard here.role != .vantage else {
            end(flight, .delivered, at: departure?())
            return deliver(flight.packet.bytes, here.name, now)
        }
        guard flight.packet.isSound else { return end(flight, .corrupt) }
        let ports = Ports(flight.packet)
        if let ports {
            let number = flight.packet.protocolNumber
            let filter = NetworkDescription.Service.filtered(protocolNumber: number, port: ports.destination)
            if here.services.contains(filter) { return end(flight, .filtered) }
        }
        end(flight, .delivered)
        guard !flight.packet.isFragment else { return }
        guard here.answers, !takeHTTP(flight, ports, at: node) else { return }
        guard let answer = answer(to: flight.packet, ports, of: here) else { return }
        _ = send(answer, from: node, cause: flight.number)
    }

    private func answer(
        to packet: IPPacket,
        _ ports: Ports?,
        of node: NetworkDescription.Node
    ) -> IPPacket? {
        guard let ports else { return packet.echoReply() }
        if packet.protocolNumber == IPPacket.Number.udp {
            if node.services.contains(.udpEcho(port: ports.destination)) {
                // Two echo services would never come to an end.
                guard ports.source != ports.destination else { return nil }
                return packet.udpAnswer(ports, packet.datagram)
            }
            if node.services.contains(.stamp(port: ports.destination)) {
                return reflector.reflection(of: packet, ports, at: clock, isRight: hasSharedClock)
                    .map { packet.udpAnswer(ports, $0) }
            }
            if node.services.contains(.dns(port: ports.destination)) {
                return names.response(to: packet.datagram).map { packet.udpAnswer(ports, $0) }
            }
            return packet.notice(.portUnreachable, from: packet.destination)
        }
        guard let segment = TCPSegment(packet) else { return nil }
        let isOpen = node.services.contains(.tcp(port: ports.destination))
        let initial = initialSequence(of: packet)
        let answer = isOpen ? segment.acceptance(initial: initial) : segment.refusal
        return answer?.packet(on: TCPFlow(packet, ports))
    }

    /// Follows from the flow, so that a server needs no memory to know its own.
    private func initialSequence(of packet: IPPacket) -> UInt32 {
        UInt32(truncatingIfNeeded: spread(packet.flowHash, at: 0))
    }

    // MARK: Connections

    /// Hands a packet for a web server to its connection; `false` when there is no such server.
    private func takeHTTP(_ flight: Flight, _ ports: Ports?, at node: Int) -> Bool {
        guard let ports, let segment = TCPSegment(flight.packet) else { return false }
        let flow = TCPFlow(flight.packet, ports)
        let initial = initialSequence(of: flight.packet)
        guard let reply = servers.receive(segment, on: flow, initial: initial, at: node, now: now) else { return false }
        send(reply, on: flow, from: node, cause: flight.number)
        return true
    }

    private func wake(_ flow: TCPFlow, at node: Int) {
        if let reply = servers.wake(flow, now: now) { send(reply, on: flow, from: node, cause: nil) }
    }

    private func send(_ reply: WebServers.Reply, on flow: TCPFlow, from node: Int, cause: Int?) {
        if let time = reply.wakeAt { events.push(.wake(flow, node: node), at: time) }
        for segment in reply.segments { _ = send(segment.packet(on: flow), from: node, cause: cause) }
    }

    /// The address from which a node tells of a packet.
    ///
    /// A vantage's own would be taken for a forgery by who stands there: its first neighbour tells instead.
    private func address(of node: Int, for packet: IPPacket) -> IPAddress? {
        let here = description.nodes[node]
        let link = description.links.first { $0.ends.contains(here.name) }
        let neighbour = link?.ends.first { $0 != here.name }.flatMap { nodesByName[$0] }
        let speaker = here.role == .vantage ? neighbour ?? node : node
        return description.nodes[speaker].addresses.first { $0.isV4 == packet.source.isV4 }
    }
}
