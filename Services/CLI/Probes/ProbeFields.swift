import JSON
import Probing

/// The metadata of an outcome, by its keys.
struct ProbeFields {
    private let members: [String: JSONValue]

    /// `nil` when it is no JSON object.
    init?(_ outcome: ProbeOutcome) {
        guard case .object(let members)? = try? JSONValue(json: outcome.metadata.bytes[...]) else { return nil }
        self.members = members
    }

    private init(members: [String: JSONValue]) {
        self.members = members
    }

    func text(_ key: String) -> String? {
        if case .string(let text) = members[key] { text } else { nil }
    }

    func number(_ key: String) -> Double? { members[key]?.number }

    func object(_ key: String) -> ProbeFields? {
        if case .object(let members) = members[key] { ProbeFields(members: members) } else { nil }
    }

    func objects(_ key: String) -> [ProbeFields] {
        list(key).compactMap { if case .object(let members) = $0 { ProbeFields(members: members) } else { nil } }
    }

    func numbers(_ key: String) -> [Double?] { list(key).map(\.number) }

    /// Lists of texts; a single one is a list of one, and null is none.
    func texts(_ key: String) -> [[String]] {
        list(key).map { item in
            switch item {
            case .string(let text): [text]
            case .array(let items): items.compactMap { if case .string(let text) = $0 { text } else { nil } }
            default: []
            }
        }
    }

    private func list(_ key: String) -> [JSONValue] {
        if case .array(let items) = members[key] { items } else { [] }
    }
}

extension JSONValue {
    fileprivate var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}
