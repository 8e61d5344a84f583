/// The words of one line, read from left to right.
struct Words {
    private let words: [Substring]
    private let number: Int
    private var index = 0

    init(_ line: Substring, number: Int) {
        words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
        self.number = number
    }

    /// A year, in nanoseconds.
    private static let longest = 31_536_000e9

    mutating func next() -> String? {
        guard index < words.count else { return nil }
        index += 1
        return String(words[index - 1])
    }

    func error(_ message: String) -> DescriptionError { DescriptionError(number, message) }

    func end() throws(DescriptionError) {
        guard index == words.count else { throw error("\"\(words[index])\" is too much") }
    }

    private mutating func word(_ what: String) throws(DescriptionError) -> String {
        guard let word = next() else { throw error("\(what) is missing") }
        return word
    }

    mutating func name() throws(DescriptionError) -> String {
        let word = try word("a name")
        let isName = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        guard isName, word.count <= 63 else {
            throw error("\"\(word)\" is no name: up to 63 letters, digits, and - _ .")
        }
        return word
    }

    mutating func number<Number: FixedWidthInteger>(
        _ what: String,
        in range: ClosedRange<Number> = 0...Number.max
    ) throws(DescriptionError) -> Number {
        try number(in: word(what), what, in: range)
    }

    func number<Number: FixedWidthInteger>(
        in text: some StringProtocol,
        _ what: String,
        in range: ClosedRange<Number>
    ) throws(DescriptionError) -> Number {
        guard let value = Number(text), range.contains(value) else {
            throw error("\"\(text)\" is not \(what): a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    mutating func duration() throws(DescriptionError) -> Duration {
        try duration(in: word("a time"))
    }

    /// A time such as `0.2ms`.
    func duration(in text: some StringProtocol) throws(DescriptionError) -> Duration {
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("ms", 1e6), ("min", 60e9), ("s", 1e9), ("h", 3_600e9), ("d", 86_400e9),
        ]
        for (unit, nanoseconds) in units where text.hasSuffix(unit) {
            guard let value = Self.decimal(text.dropLast(unit.count)), value * nanoseconds < Self.longest else { break }
            return .nanoseconds(Int64((value * nanoseconds).rounded()))
        }
        throw error("\"\(text)\" is no time such as 200us, 1.5ms, 3s, 2min or 1h")
    }

    /// A frequency such as `10/s`.
    func frequency(in text: some StringProtocol) throws(DescriptionError) -> Int {
        guard text.hasSuffix("/s"), let value = Int(text.dropLast(2)), (1...1_000_000).contains(value) else {
            throw error("\"\(text)\" is no frequency such as 10/s")
        }
        return value
    }

    mutating func latency() throws(DescriptionError) -> LatencyDistribution {
        let word = try word("a latency")
        if let dots = Self.split(word, "..") {
            let (low, high) = (try duration(in: dots.0), try duration(in: dots.1))
            guard low <= high else { throw error("\"\(word)\" ends before it begins") }
            return .uniform(low, high)
        }
        if let parts = Self.split(word, "~") {
            return .normal(mean: try duration(in: parts.0), deviation: try duration(in: parts.1))
        }
        if let parts = Self.split(word, "+") {
            return .exponential(base: try duration(in: parts.0), tail: try duration(in: parts.1))
        }
        return .constant(try duration(in: word))
    }

    mutating func chance() throws(DescriptionError) -> Double {
        try chance(in: word("a share such as 0.5%"))
    }

    private func chance(in text: some StringProtocol) throws(DescriptionError) -> Double {
        guard text.hasSuffix("%"), let percent = Self.decimal(text.dropLast()), percent <= 100 else {
            throw error("\"\(text)\" is no share such as 0.5%")
        }
        return percent / 100
    }

    mutating func chanceAndDelay() throws(DescriptionError) -> (Double, Duration) {
        let word = try word("a share and a delay such as 1%+3ms")
        guard let parts = Self.split(word, "+") else { throw error("\"\(word)\" is no share and delay such as 1%+3ms") }
        return (try chance(in: parts.0), try duration(in: parts.1))
    }

    mutating func rate() throws(DescriptionError) -> Int {
        let word = try word("a rate such as 100Mbit")
        for (unit, bits) in [("kbit", 1e3), ("Mbit", 1e6), ("Gbit", 1e9)] where word.hasSuffix(unit) {
            guard let value = Self.decimal(word.dropLast(unit.count)), (1...1e12).contains(value * bits) else { break }
            return Int(value * bits)
        }
        throw error("\"\(word)\" is no rate such as 64kbit, 100Mbit or 1Gbit")
    }

    private static func split(_ word: String, _ separator: String) -> (Substring, Substring)? {
        guard let range = word.firstRange(of: separator) else { return nil }
        return (word[..<range.lowerBound], word[range.upperBound...])
    }

    /// A decimal number that is not negative, without an exponent.
    private static func decimal(_ text: some StringProtocol) -> Double? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }) else { return nil }
        return Double(text)
    }
}
