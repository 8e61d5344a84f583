import EventLoop

/// What a name server says of the nodes of a network (RFC 1035): an address of each, under its name and under its name
/// in `sim.`; and of the root, as resolvers are asked for it to see whether they answer.
struct DNSAnswer {
    private enum Code: UInt8 {
        case formatError = 1
        case nameError = 3
        case notImplemented = 4
    }

    private static let typeA = 1
    private static let typeAAAA = 28
    private static let typeNS = 2
    private static let classInternet = 1
    private static let timeToLive: UInt32 = 60
    /// Whom a resolver names when it is asked for the root.
    private static let rootServer = ["a", "root-servers", "net"]

    private let addresses: [String: [IPAddress]]

    init(_ nodes: [NetworkDescription.Node]) {
        addresses = Dictionary(uniqueKeysWithValues: nodes.map { ($0.name.lowercased(), $0.addresses) })
    }

    /// The response to a query; `nil` for what deserves none.
    func response(to query: [UInt8]) -> [UInt8]? {
        // A response, or less than a header.
        guard query.count >= 12, query[2] & 0x80 == 0 else { return nil }
        guard query[2] & 0x78 == 0 else { return Self.failure(.notImplemented, query, question: []) }
        guard query.word(at: 4) == 1, let (name, end) = Self.name(query, at: 12), end + 4 <= query.count else {
            return Self.failure(.formatError, query, question: [])
        }
        let question = Array(query[12..<end + 4])
        let type = query.word(at: end)
        let isInternet = query.word(at: end + 2) == Self.classInternet
        if name.isEmpty, type == Self.typeNS, isInternet {
            let data: [UInt8] = Self.rootServer.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
            return Self.header(query, code: 0, answers: 1) + question + Self.record(type, data)
        }
        guard let known = addresses[Self.node(name)] else { return Self.failure(.nameError, query, question: question) }
        let answers = known.filter { isInternet && type == ($0.isV4 ? Self.typeA : Self.typeAAAA) }
        var response = Self.header(query, code: 0, answers: answers.count) + question
        for address in answers { response += Self.record(type, address.bytes) }
        return response
    }

    /// A record of the name in the question, which stands behind the header.
    private static func record(_ type: Int, _ data: [UInt8]) -> [UInt8] {
        var record: [UInt8] = [0xc0, 12, 0, UInt8(type), 0, 1, 0, 0, 0, 0, 0, UInt8(data.count)]
        record.setDoubleWord(timeToLive, at: 6)
        return record + data
    }

    private static func failure(_ code: Code, _ query: [UInt8], question: [UInt8]) -> [UInt8] {
        header(query, code: code.rawValue, answers: 0, questions: question.isEmpty ? 0 : 1) + question
    }

    private static func header(_ query: [UInt8], code: UInt8, answers: Int, questions: Int = 1) -> [UInt8] {
        // A response with authority, and recursion neither given nor denied to whoever asks for it.
        [query[0], query[1], 0x84 | query[2] & 1, code, 0, UInt8(questions), 0, UInt8(answers), 0, 0, 0, 0]
    }

    /// The node that a name means: `web`, `web.sim`.
    private static func node(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".sim") ? String(name.dropLast(4)) : name
    }

    /// A name without compression, which a question has no use for, and the place behind it.
    private static func name(_ message: [UInt8], at start: Int) -> (String, end: Int)? {
        var labels: [String] = []
        var index = start
        while index < message.count, index - start < 255 {
            let count = Int(message[index])
            index += 1
            guard count > 0 else { return (labels.joined(separator: "."), index) }
            guard count < 64, index + count <= message.count else { return nil }
            labels.append(String(decoding: message[index..<index + count], as: UTF8.self))
            index += count
        }
        return nil
    }
}
