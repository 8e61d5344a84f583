import Foundation

/// The settings of one process: `KEY=value` pairs from its environment and, behind them, from a file.
///
/// Every setting has one key, which is the same in the environment, in a file, in the chart and in the docs.
public struct Environment: Sendable {
    public var values: [String: String]

    public init(_ values: [String: String] = [:]) {
        self.values = values
    }

    /// What the process was started with.
    public static var process: Self { Self(ProcessInfo.processInfo.environment) }

    public func string(_ key: String, default fallback: String) -> String {
        optionalString(key) ?? fallback
    }

    /// `nil` when the key is missing or empty.
    public func optionalString(_ key: String) -> String? {
        values[key].flatMap { $0.isEmpty ? nil : $0 }
    }

    public func requiredString(_ key: String) throws(ConfigurationError) -> String {
        guard let value = optionalString(key) else { throw ConfigurationError("\(key) must be set") }
        return value
    }

    public func integer(
        _ key: String,
        default fallback: Int,
        in range: ClosedRange<Int>
    ) throws(ConfigurationError) -> Int {
        guard let text = optionalString(key) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw ConfigurationError(
                "\(key) must be a whole number from \(range.lowerBound) to \(range.upperBound), got \"\(text)\""
            )
        }
        return value
    }

    public func port(_ key: String, default fallback: UInt16) throws(ConfigurationError) -> UInt16 {
        UInt16(try integer(key, default: Int(fallback), in: 0...65_535))
    }

    public func boolean(_ key: String, default fallback: Bool) throws(ConfigurationError) -> Bool {
        switch optionalString(key) {
        case nil: fallback
        case "true"?, "1"?, "yes"?: true
        case "false"?, "0"?, "no"?: false
        case .some(let text): throw ConfigurationError("\(key) must be true or false, got \"\(text)\"")
        }
    }

    /// One of a closed set of words.
    public func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String,
        default fallback: Choice
    ) throws(ConfigurationError) -> Choice {
        guard let text = optionalString(key) else { return fallback }
        guard let value = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationError("\(key) must be one of \(words), got \"\(text)\"")
        }
        return value
    }

    /// A number with a unit: `250ms`, `2s`, `5m`, `24h`, `7d`.
    public func duration(
        _ key: String,
        default fallback: Duration,
        in range: ClosedRange<Duration>
    ) throws(ConfigurationError) -> Duration {
        guard let text = optionalString(key) else { return fallback }
        guard let value = Duration(text: text), range.contains(value) else {
            throw ConfigurationError(
                "\(key) must be a duration such as 250ms, 2s, 5m or 24h, "
                    + "from \(range.lowerBound) to \(range.upperBound), got \"\(text)\""
            )
        }
        return value
    }

    public func secret(_ key: String) -> Secret? {
        optionalString(key).map(Secret.init)
    }
}

extension Duration {
    /// Reads a whole number with a unit: `ms`, `s`, `m`, `h` or `d`.
    public init?(text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits) else { return nil }
        let units: [Substring: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let unit = units[text[digits.endIndex...]] else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        self = .milliseconds(milliseconds)
    }
}
