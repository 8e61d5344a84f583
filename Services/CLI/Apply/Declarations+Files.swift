import Contracts
import JSON
import JSONRPC
import YAML

extension Declarations {
    /// What the documents of all files declare together.
    ///
    /// Throws `.badData`, with file, line and column, for what is no YAML or declares something that there is not, and
    /// for what is declared twice.
    init(_ files: [DeclarationFile]) throws(CommandLineError) {
        var names = DeclaredNames()
        var limits = YAMLLimits()
        limits.bytes = DeclarationFile.maximumBytes
        // Room for all the targets that a tenant may have.
        limits.nodes = 1_000_000
        for file in files {
            do {
                for document in try YAMLReader.documents(in: file.bytes, limits: limits) {
                    try add(document, &names, in: file.name)
                }
            } catch let error as YAMLError {
                throw CommandLineError(.badData, "\(file.name), \(error)")
            } catch let error as CommandLineError {
                throw error
            } catch {
                throw CommandLineError(.badData, "\(file.name): \(error)")
            }
        }
    }

    private mutating func add(_ node: YAMLNode, _ names: inout DeclaredNames, in file: String) throws {
        try node.check(DeclaredDocument.schema)
        let document: DeclaredDocument
        do {
            document = try decodeJSON(DeclaredDocument.self, from: node.json.json())
        } catch let error as JSONError {
            throw YAMLError(.mismatch, error.message, at: node.place)
        }
        if let name = document.set { try take(name, at: node["set"]?.place ?? node.place) }
        for list in ["receivers", "targets", "rules", "silences", "maintenance"] {
            for item in node[list]?.elements ?? [] { try names.add(item, to: list, in: file) }
        }
        receivers += document.receivers ?? []
        if let more = document.targets { targets = (targets ?? []) + more }
        if let more = document.rules { rules = (rules ?? []) + more }
        if let more = document.silences { silences = (silences ?? []) + more }
        if let more = document.maintenance { maintenance = (maintenance ?? []) + more }
    }

    private mutating func take(_ name: String, at place: YAMLPlace) throws(YAMLError) {
        guard Self.setLength.contains(name.count) else {
            throw YAMLError(.mismatch, "set must have 1 to 256 characters", at: place)
        }
        guard set == nil || set == name else {
            throw YAMLError(.mismatch, "the set is called \(set ?? "") elsewhere", at: place)
        }
        set = name
    }
}

/// Who has been declared, so that nobody is twice.
private struct DeclaredNames {
    private var places: [String: String] = [:]

    /// Those with an id are told apart by that, all others by name, or by the reason that they have instead.
    mutating func add(_ item: YAMLNode, to list: String, in file: String) throws(YAMLError) {
        let key = ["id", "name"].first { item[$0].map { !$0.isNull } ?? false } ?? "reason"
        guard case .scalar(.string(let text)) = item[key]?.content else { return }
        guard let first = places.updateValue("\(file), \(item.place)", forKey: "\(list) \(key) \(text)") else { return }
        throw YAMLError(.mismatch, "\(list): \"\(text)\" is declared already, in \(first)", at: item.place)
    }
}
