import Contracts
import Foundation
import JSON

/// What is to be done, in this order, so that a tenant has what files declare.
struct Plan: Sendable {
    var steps: [PlanStep] = []
    /// What is left as it is though the files say otherwise, in words.
    var notes: [String] = []
}

/// One call to the API, or two that belong together.
struct PlanStep: Sendable {
    enum Action: String, Codable, CaseIterable {
        case create
        case change
        /// A new one is made, and the old one removed: what is to change of it cannot be changed.
        case replace
        case remove
    }

    enum Kind: String, Codable {
        case receiver, target, check, rule, silence, maintenance
    }

    /// What carries the step out.
    enum Call: Sendable {
        case createReceiver(NewReceiver)
        case replaceReceiver(ReceiverID, NewReceiver)
        case createTarget(NewTarget)
        case changeTarget(TargetChange)
        case removeTarget(TargetRemoval)
        case createCheck(NewCheck)
        case changeCheck(CheckChange)
        case removeCheck(CheckID)
        /// `target` names one that an earlier step creates.
        case createRule(NewRule, target: String?, isEnabled: Bool)
        case changeRule(RuleChange)
        case removeRule(RuleID)
        case replaceRule(RuleID, NewRule, target: String?, isEnabled: Bool)
        /// `target` and `rule` name what earlier steps create.
        case createSilence(NewSilence, target: String?, rule: String?)
        case changeSilence(SilenceChange)
        case replaceSilence(SilenceID, NewSilence, target: String?, rule: String?)
        case removeSilence(SilenceID)
        /// `targets` names those that earlier steps create.
        case createMaintenance(NewMaintenance, targets: [String])
        case changeMaintenance(MaintenanceChange, targets: [String])
    }

    var action: Action
    var kind: Kind
    /// Of a check: the target's name and its type, as `router / icmp`.
    var name: String
    var changes: [FieldChange]
    var call: Call
}

/// A field that is not as declared.
struct FieldChange: Codable, Equatable, Sendable {
    /// A path, such as `labels.site`.
    var field: String
    /// Nothing, when it is not set.
    var old: JSONValue?
    var new: JSONValue?

    /// What differs, sorted by path; objects, and lists of objects, are looked into.
    static func between(_ old: JSONValue?, _ new: JSONValue?, at path: String = "") -> [FieldChange] {
        guard old != new else { return [] }
        guard let olds = members(of: old), let news = members(of: new), old != nil || new != nil else {
            return [FieldChange(field: path, old: old, new: new)]
        }
        let keys = Set(olds.keys).union(news.keys).sorted { $0.compare($1, options: .numeric) == .orderedAscending }
        return keys.flatMap { key in
            between(olds[key], news[key], at: path.isEmpty || key.hasPrefix("[") ? path + key : "\(path).\(key)")
        }
    }

    /// `nil` for what is one value; what is not there has no members.
    private static func members(of value: JSONValue?) -> [String: JSONValue]? {
        switch value {
        case nil: return [:]
        case .object(let members): return members
        case .array(let elements):
            guard !elements.isEmpty, elements.allSatisfy({ if case .object = $0 { true } else { false } }) else {
                return nil
            }
            return Dictionary(uniqueKeysWithValues: elements.enumerated().map { ("[\($0.offset)]", $0.element) })
        default: return nil
        }
    }
}
