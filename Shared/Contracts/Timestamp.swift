import Glibc
public import JSONRPC

/// A moment in UTC, to the microsecond; on the wire RFC 3339 text such as `2026-01-31T12:00:00.000000Z`.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// What the system's clock says.
    public static var now: Self {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Self(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }

    public func advanced(by duration: Duration) -> Self {
        let parts = duration.components
        return Self(microseconds: microseconds + parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000)
    }

    public func duration(to other: Self) -> Duration {
        .microseconds(other.microseconds - microseconds)
    }

    public var description: String {
        let (days, time) = microseconds.floorDivided(by: 86_400_000_000)
        let date = CivilDate(daysSince1970: days)
        let seconds = time / 1_000_000
        return "\(pad(date.year, 4))-\(pad(date.month, 2))-\(pad(date.day, 2))T"
            + "\(pad(seconds / 3_600, 2)):\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2))."
            + "\(pad(time % 1_000_000, 6))Z"
    }

    /// Reads RFC 3339: `Z` or an offset, and a fraction of any length (cut after microseconds).
    public init?(_ text: some StringProtocol) {
        var scanner = TimestampScanner(text.utf8)
        guard let microseconds = scanner.scan() else { return nil }
        self.init(microseconds: microseconds)
    }
}

extension Timestamp: Codable, JSONSchemaProviding {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let time = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "expected a time such as \(Timestamp.placeholder)"
                )
            )
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public static var jsonSchema: JSONSchema { .string(format: "date-time") }
    public static var placeholder: Self { Self(microseconds: 1_767_225_600_000_000) }
}

extension Int64 {
    func floorDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

private func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// A date of the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
struct CivilDate {
    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(daysSince1970 days: Int64) {
        let (era, dayOfEra) = (days + 719_468).floorDivided(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.floorDivided(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    var daysInMonth: Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

/// Reads RFC 3339 (section 5.6) off the front of a text.
private struct TimestampScanner<Bytes: Collection<UInt8>> {
    private var rest: Bytes.SubSequence

    init(_ bytes: Bytes) {
        rest = bytes[...]
    }

    mutating func scan() -> Int64? {
        guard let date = scanDate(), take("Tt ") != nil, let time = scanTime(), let offset = scanOffset(),
            rest.isEmpty
        else { return nil }
        return date.daysSince1970 * 86_400_000_000 + time - offset
    }

    private mutating func scanDate() -> CivilDate? {
        guard let year = number(4), take("-") != nil, let month = number(2), take("-") != nil, let day = number(2)
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        guard (1...12).contains(month), day >= 1, day <= date.daysInMonth else { return nil }
        return date
    }

    private mutating func scanTime() -> Int64? {
        guard let hour = number(2), take(":") != nil, let minute = number(2), take(":") != nil,
            let second = number(2), hour < 24, minute < 60, second < 60
        else { return nil }
        guard take(".") != nil else { return ((hour * 60 + minute) * 60 + second) * 1_000_000 }
        var fraction: Int64 = 0
        var scale: Int64 = 1_000_000
        var digits = 0
        while let digit = number(1) {
            digits += 1
            scale /= 10
            fraction += digit * scale
        }
        return digits > 0 ? ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction : nil
    }

    private mutating func scanOffset() -> Int64? {
        guard let sign = take("Zz+-") else { return nil }
        if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return 0 }
        guard let hours = number(2), take(":") != nil, let minutes = number(2), hours < 24, minutes < 60 else {
            return nil
        }
        let offset = (hours * 60 + minutes) * 60_000_000
        return sign == UInt8(ascii: "-") ? -offset : offset
    }

    private mutating func take(_ choices: StaticString) -> UInt8? {
        guard let byte = rest.first, choices.description.utf8.contains(byte) else { return nil }
        rest.removeFirst()
        return byte
    }

    private mutating func number(_ count: Int) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }
}
