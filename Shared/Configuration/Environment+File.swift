import Foundation

extension Environment {
    /// Reads a settings file: `KEY=value` a line, `#` before a comment, nothing else.
    ///
    /// Throws with the file's name and the line's number.
    public init(file path: String) throws(ConfigurationError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError("\(path): cannot be read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError("\(path): not UTF-8 text")
        }
        var values: [String: String] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let (key, value) = try Self.pair(in: line, at: "\(path):\(index + 1)")
            guard values.updateValue(value, forKey: key) == nil else {
                throw ConfigurationError("\(path):\(index + 1): \(key) is set twice")
            }
        }
        self.init(values)
    }

    /// These settings, and behind them those of `other`.
    public func merging(_ other: Environment) -> Environment {
        Environment(values.merging(other.values) { own, _ in own })
    }

    private static func pair(in line: String, at place: String) throws(ConfigurationError) -> (String, String) {
        guard let equals = line.firstIndex(of: "=") else {
            throw ConfigurationError("\(place): expected KEY=value, got \"\(line)\"")
        }
        let key = line[..<equals].trimmingCharacters(in: .whitespaces)
        var value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        guard !key.isEmpty, key.allSatisfy({ $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }) else {
            throw ConfigurationError("\(place): a key is written in capitals, got \"\(key)\"")
        }
        if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
            value = String(value.dropFirst().dropLast())
        }
        return (key, value)
    }
}
