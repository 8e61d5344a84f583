import JSON
import JSONRPC

extension OpenAPIParts {
    private static let tags = [
        "agent": "Where checks run from.",
        "audit": "Who changed what.",
        "auth": "Signing in and out.",
        "check": "How a target is watched.",
        "gap": "Spans for which an agent has no measurements.",
        "incident": "What broke, when, and when it was over.",
        "measurement": "What was seen.",
        "receiver": "Where incidents are told.",
        "route": "How the ways to targets changed.",
        "rule": "When something counts as broken.",
        "session": "Spans of time with a name.",
        "target": "What is watched.",
    ]

    private static let meanings = [
        "agent_id": "Of this agent alone.",
        "all_fields": "Whether all fields are wanted, and not those of the canonical row alone.",
        "category": "A word to group by.",
        "check_id": "Of this check alone.",
        "cursor": "The next_cursor of the page before.",
        "format": "What the answer looks like.",
        "formula_guard": "Whether texts that a spreadsheet would run as formulas get an apostrophe in front.",
        "from": "From this time on, inclusive; RFC 3339.",
        "id": "Its id.",
        "limit": "How many at most.",
        "method": "The name of a method, such as target.delete.",
        "person_id": "Of this person alone.",
        "reason": "Why they failed.",
        "search": "Part of a name or an address, in any case.",
        "session_id": "Takes targets, types and times from a session, where none are given here.",
        "state": "In this state alone.",
        "status": "With this outcome alone.",
        "target_id": "Of this target alone.",
        "target_ids": "Of these targets alone; given once for each.",
        "to": "Before this time, exclusive; RFC 3339.",
        "types": "Of these types of check alone; given once for each.",
    ]

    static func tag(_ noun: String) -> String {
        tags[noun] ?? "All that is called \(noun)."
    }

    /// What a parameter means, as far as its name and its type tell.
    static func meaning(of property: JSONSchema.Property) -> String {
        if let meaning = meanings[property.name] { return meaning }
        let words = property.name.split(separator: "_").joined(separator: " ")
        return property.isRequired ? "The \(words)." : "The \(words); has a default when left out."
    }

    static func example(of property: JSONSchema.Property) -> JSONValue? {
        switch property.schema {
        case .string(format: "uuid", _): "0190163d-8694-739b-aea5-966c26f8ad91"
        case .string(format: "date-time", _): "2026-01-31T12:00:00Z"
        default: property.name == "limit" ? 100 : nil
        }
    }
}
