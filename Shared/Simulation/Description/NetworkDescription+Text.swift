import EventLoop

/// One statement a line; what follows a `#` is for people.
///
///     seed 7
///     vantage here  10.0.0.2
///     router  r1    10.0.0.1 fd00::1
///     router  r2    10.0.1.1 silent
///     host    web   10.0.2.10 udp:7=echo tcp:80 tcp:22=filtered
///     link    here r1   latency 0.2ms
///     link    r1 r2     latency 10ms~1ms loss 0.1% duplicate 0.01% reorder 1%+3ms mtu 1400 rate 100Mbit queue 20ms
///     link    r2 web    latency 1ms..2ms cost 5
///     link    r1 far    latency 10ms rate 100Mbit back latency 30ms rate 10Mbit loss 1%
///     fault   r1 r2     loss 30% latency 50ms  from 60s to 120s
///     fault   r2 r1     one-way loss 5%        from 3min to 4min
///     fault   web       down  from 5min to 6min
///
/// Latencies: `2ms` always, `1ms..2ms` anything between, `10ms~1ms` around a mean with a deviation, `10ms+1ms` a base
/// and an exponential tail.
extension NetworkDescription {
    /// The most that a text may hold.
    private static let maximumStatements = 10_000
    /// So many fit into a name server's answer.
    private static let maximumAddresses = 12

    public init(text: String) throws(DescriptionError) {
        var count = 0
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var words = Words(line, number: index + 1)
            guard let statement = words.next() else { continue }
            count += 1
            guard count <= Self.maximumStatements else { throw words.error("more statements than a network can have") }
            switch statement {
            case "seed": seed = try words.number("a seed")
            case "host": nodes.append(try Self.node(.host, &words))
            case "router": nodes.append(try Self.node(.router, &words))
            case "vantage": nodes.append(try Self.node(.vantage, &words))
            case "link": links.append(try Self.link(&words))
            case "fault": faults.append(try Self.fault(&words))
            default:
                throw words.error("\"\(statement)\" is none of seed, host, router, vantage, link, fault")
            }
            try words.end()
        }
        try check()
    }

    private static func node(_ role: Role, _ words: inout Words) throws(DescriptionError) -> Node {
        var node = Node(name: try words.name(), role: role, addresses: [])
        while let word = words.next() {
            if let address = IPAddress(word) {
                node.addresses.append(address)
            } else if word == "silent" {
                node.answers = false
            } else if word.hasPrefix("notices=") {
                node.noticesPerSecond = try words.frequency(in: word.dropFirst("notices=".count))
            } else if word == "certificate=untrusted" {
                node.isTrusted = false
            } else if word.hasPrefix("certificate=") {
                node.certificateLifetime = try words.duration(in: word.dropFirst("certificate=".count))
            } else if word.hasPrefix("quotes=") {
                node.quotedBytes = try words.number(in: word.dropFirst("quotes=".count), "bytes", in: 8...548)
            } else {
                node.services.append(try service(word, words))
            }
        }
        return node
    }

    private static func service(_ word: String, _ words: Words) throws(DescriptionError) -> Service {
        let parts = word.split(separator: ":", maxSplits: 1)
        let detail = parts.count == 2 ? parts[1].split(separator: "=", maxSplits: 1) : []
        guard let number = detail.first, let port = UInt16(number), port > 0 else {
            throw words.error("\"\(word)\" is neither an address, nor \"silent\", nor a service such as tcp:80")
        }
        switch (parts[0], detail.count == 2 ? detail[1] : "") {
        case ("udp", "echo"): return .udpEcho(port: port)
        case ("udp", "stamp"): return .stamp(port: port)
        case ("udp", "dns"): return .dns(port: port)
        case ("http", let detail), ("https", let detail):
            if let service = web(port, String(detail), isSecure: parts[0] == "https") { return service }
        case ("tcp", ""): return .tcp(port: port)
        case ("tcp", "filtered"): return .filtered(protocolNumber: IPPacket.Number.tcp, port: port)
        case ("udp", "filtered"): return .filtered(protocolNumber: IPPacket.Number.udp, port: port)
        default: break
        }
        throw words.error(
            "\"\(word)\" is no service: udp:PORT=echo, =stamp, =dns or =filtered, tcp:PORT, =filtered, http:PORT or "
                + "https:PORT, =STATUS or =URL"
        )
    }

    /// `nil` when what follows the port is neither a status nor a URL.
    private static func web(_ port: UInt16, _ detail: String, isSecure: Bool) -> Service? {
        if detail.hasPrefix("http://") || detail.hasPrefix("https://") {
            return .http(port: port, status: 302, isSecure: isSecure, location: detail)
        }
        guard let status = detail.isEmpty ? 200 : Int(detail), (200...599).contains(status) else { return nil }
        return .http(port: port, status: status, isSecure: isSecure)
    }

    private static func link(_ words: inout Words) throws(DescriptionError) -> Link {
        var link = Link(ends: [try words.name(), try words.name()])
        let forth = try way(Link.Way(behaviour: LinkBehaviour()), &words)
        (link.behaviour, link.cost) = (forth.way.behaviour, forth.way.cost)
        guard forth.hasBack else { return link }
        let back = try way(forth.way, &words)
        guard !back.hasBack else { throw words.error("there is but one way back") }
        link.back = back.way
        return link
    }

    /// The words of one direction, up to `back` or the end; what they do not say is as in `way`.
    private static func way(
        _ way: Link.Way,
        _ words: inout Words
    ) throws(DescriptionError) -> (way: Link.Way, hasBack: Bool) {
        var way = way
        while let word = words.next() {
            switch word {
            case "latency": way.behaviour.latency = try words.latency()
            case "loss": way.behaviour.loss = try words.chance()
            case "duplicate": way.behaviour.duplication = try words.chance()
            case "reorder": (way.behaviour.reordering, way.behaviour.reorderingDelay) = try words.chanceAndDelay()
            case "mtu": way.behaviour.mtu = try words.number("bytes", in: 576...65_535)
            case "rate": way.behaviour.rate = try words.rate()
            case "queue": way.behaviour.queue = try words.duration()
            case "cost": way.cost = try words.number("a cost", in: 1...1_000_000_000)
            case "back": return (way, true)
            default:
                throw words.error(
                    "\"\(word)\" is none of latency, loss, duplicate, reorder, mtu, rate, queue, cost, back"
                )
            }
        }
        return (way, false)
    }

    private static func fault(_ words: inout Words) throws(DescriptionError) -> Fault {
        var names = [try words.name()]
        var isDown = false
        var impairment = LinkImpairment()
        var start = Duration.zero
        var end: Duration?
        while let word = words.next() {
            switch word {
            case "down": isDown = true
            case "loss": impairment.loss = try words.chance()
            case "latency": impairment.latency = try words.duration()
            case "ipv4": impairment.version = 4
            case "ipv6": impairment.version = 6
            case "one-way": impairment.isOneWay = true
            case "from": start = try words.duration()
            case "to": end = try words.duration()
            default:
                guard names.count == 1 else { throw words.error("\"\(word)\" says nothing about a fault") }
                names.append(word)
            }
        }
        guard let end, end > start else { throw words.error("a fault lasts from one time to a later one") }
        guard names.count == 2 else {
            guard isDown, impairment == LinkImpairment() else {
                throw words.error("all that befalls a node is \"down\"")
            }
            return Fault(effect: .nodeDown(name: names[0]), start: start, end: end)
        }
        guard isDown != (impairment.loss > 0 || impairment.latency > .zero), !isDown || impairment.version == nil else {
            throw words.error("a link is either \"down\" or has loss or latency")
        }
        guard !isDown || !impairment.isOneWay else {
            throw words.error("a link that is \"down\" is so both ways; one-way it may have loss 100%")
        }
        let effect: Fault.Effect = isDown ? .linkDown(ends: names) : .link(ends: names, impairment)
        return Fault(effect: effect, start: start, end: end)
    }

    /// What no single line can be wrong about.
    private func check() throws(DescriptionError) {
        let names = nodes.map(\.name)
        if let doubled = Self.repeated(names.map { $0.lowercased() }) {
            throw DescriptionError(0, "there are two nodes named \(doubled)")
        }
        if let doubled = Self.repeated(nodes.flatMap(\.addresses).map(\.description)) {
            throw DescriptionError(0, "two nodes have the address \(doubled)")
        }
        for node in nodes {
            guard !node.addresses.isEmpty else { throw DescriptionError(0, "\(node.name) has no address") }
            guard node.addresses.count <= Self.maximumAddresses else {
                throw DescriptionError(0, "\(node.name) has more than \(Self.maximumAddresses) addresses")
            }
        }
        try checkSizes()
        let known = Set(names)
        let pairs = Set(links.map { Set($0.ends) })
        for link in links {
            guard Set(link.ends).count == 2 else {
                throw DescriptionError(0, "a link joins \(link.ends[0]) with itself")
            }
            try Self.check(link.ends, against: known)
        }
        for fault in faults {
            switch fault.effect {
            case .nodeDown(let name): try Self.check([name], against: known)
            case .linkDown(let ends), .link(let ends, _):
                guard pairs.contains(Set(ends)) else {
                    throw DescriptionError(
                        0,
                        "a fault is about a link of \(ends.joined(separator: " and ")), who have none"
                    )
                }
            }
        }
    }

    /// IPv6 has no smaller links (RFC 8200, section 5).
    private func checkSizes() throws(DescriptionError) {
        guard nodes.contains(where: { $0.addresses.contains { !$0.isV4 } }) else { return }
        for link in links where min(link.behaviour.mtu, link.back?.behaviour.mtu ?? .max) < 1_280 {
            let names = link.ends.joined(separator: " and ")
            throw DescriptionError(0, "the link of \(names) is too small for IPv6, which needs 1280 bytes")
        }
    }

    private static func check(_ names: [String], against known: Set<String>) throws(DescriptionError) {
        for name in names where !known.contains(name) { throw DescriptionError(0, "there is no node named \(name)") }
    }

    private static func repeated(_ texts: [String]) -> String? {
        var seen: Set<String> = []
        return texts.first { !seen.insert($0).inserted }
    }
}
