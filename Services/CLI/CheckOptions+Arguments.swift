import Contracts
import JSON
import JSONRPC

/// Every option of a check is one of the command line: `payload_bytes` is `--payload-bytes`.
extension CheckOptions {
    private static let properties: [JSONSchema.Property] =
        NewCheck.schema.properties.first { $0.name == "options" }?.schema.properties ?? []

    static let argumentNames = Set(properties.map { argumentName($0.name) })

    /// The options as a help text lists them.
    static let argumentHelp = properties.map { "--\(argumentName($0.name)) \(placeholder(of: $0.schema))" }
        .sorted().joined(separator: "\n")

    init(_ arguments: Arguments) throws(CommandLineError) {
        var members: [String: JSONValue] = [:]
        for property in Self.properties {
            let name = Self.argumentName(property.name)
            guard let text = arguments[name] else { continue }
            guard let value = Self.value(text, property.schema) else {
                throw CommandLineError(
                    .usage,
                    "--\(name) takes \(Self.placeholder(of: property.schema)), not \"\(text)\""
                )
            }
            members[property.name] = value
        }
        do {
            self = try decodeJSON(CheckOptions.self, from: try encodeJSON(JSONValue.object(members)))
        } catch {
            throw CommandLineError(.usage, "these options make no sense together: \(error)")
        }
    }

    private static func argumentName(_ name: String) -> String {
        name.replacing("_", with: "-")
    }

    /// `nil` when the text is no such value.
    private static func value(_ text: String, _ schema: JSONSchema) -> JSONValue? {
        switch schema {
        case .boolean: return ["true": true, "false": false][text].map(JSONValue.bool)
        case .integer: return Int(text).map(JSONValue.int)
        case .string(_, let choices): return choices.isEmpty || choices.contains(text) ? .string(text) : nil
        case .array(let element):
            let values = text.split(separator: ",").map { value(String($0), element) }
            return values.contains { $0 == nil } ? nil : .array(values.compactMap { $0 })
        case .dictionary:
            guard let colon = text.firstIndex(of: ":") else { return nil }
            let rest = text[text.index(after: colon)...].drop { $0 == " " }
            return .object([String(text[..<colon]): .string(String(rest))])
        case .nullable(let inner): return value(text, inner)
        case .any, .number, .object: return nil
        }
    }

    private static func placeholder(of schema: JSONSchema) -> String {
        switch schema {
        case .boolean: "true|false"
        case .integer: "NUMBER"
        case .string(_, let choices): choices.isEmpty ? "TEXT" : choices.joined(separator: "|")
        case .array(let element): "\(placeholder(of: element)),…"
        case .dictionary: "\"NAME: TEXT\""
        case .nullable(let inner): placeholder(of: inner)
        case .any, .number, .object: "VALUE"
        }
    }
}
