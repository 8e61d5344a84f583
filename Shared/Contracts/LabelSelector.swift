public import JSONRPC

/// At most 64 labels; keys of 1 to 63 letters, digits and `._/-`, values of at most 256 characters.
public func checkLabels(_ labels: [String: String]) throws(RPCError) {
    guard labels.count <= 64 else { throw invalid("labels", "must be at most 64, got \(labels.count)") }
    for (key, value) in labels {
        let isKey = (1...63).contains(key.utf8.count) && key.wholeMatch(of: /[A-Za-z0-9._\/\-]+/) != nil
        guard isKey else {
            throw invalid("labels", "must have keys of 1 to 63 letters, digits, and the characters . _ / -")
        }
        try checkText(value, "labels.\(key)", 0...256)
    }
}

/// Things that have all of some labels, in a filter's text: `site=vienna,floor=3`.
public struct LabelSelector: Equatable, Sendable {
    public var labels: [String: String]

    /// Throws `invalidParams` for what is no list of `key=value`, and for what cannot be labels.
    public init(_ text: String) throws(RPCError) {
        labels = [:]
        for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw invalid("labels", "must be key=value, with commas between several")
            }
            labels[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
        }
        try checkLabels(labels)
    }
}

/// Targets of a tenant that have all of some labels.
public struct TargetSelection: Codable, Equatable, RPCPayload {
    public var tenant: TenantID
    public var labels: [String: String]

    public init(tenant: TenantID, labels: [String: String]) {
        self.tenant = tenant
        self.labels = labels
    }
}

public struct SelectedTargets: Codable, Equatable, RPCPayload {
    public var targetIDs: [TargetID]

    enum CodingKeys: String, CodingKey {
        case targetIDs = "target_ids"
    }

    public init(targetIDs: [TargetID]) { self.targetIDs = targetIDs }
}

extension RPCMethod where Params == TargetSelection, Result == SelectedTargets {
    /// The store, which knows no labels, asks before it answers about the targets that have some.
    public static var selectTargets: Self {
        Self(
            "target.select",
            "Tells which targets have some labels.",
            of: .orchestrator,
            callers: [.store],
            isIdempotent: true
        )
    }
}
