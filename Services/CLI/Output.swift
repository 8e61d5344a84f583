import Foundation
import JSON

/// What the program prints for its user.
enum Output {
    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    static func json(_ value: some Encodable) throws {
        line(String(decoding: try encodeJSON(value), as: UTF8.self))
    }

    /// A time to the microsecond, and "-" for none.
    static func milliseconds(_ value: Double?) -> String {
        value.map { "\(rounded($0)) ms" } ?? "-"
    }

    /// Milliseconds to the microsecond.
    static func rounded(_ milliseconds: Double) -> Double {
        (milliseconds * 1_000).rounded() / 1_000
    }

    /// Columns as wide as their widest cell, under a line of headings.
    static func table(_ headings: [String], _ rows: [[String]]) {
        let widths = headings.indices.map { column in
            ([headings] + rows).map { $0[column].count }.max() ?? 0
        }
        for row in [headings] + rows {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let text = cells.joined(separator: "  ")
            line(String(text.reversed().drop { $0 == " " }.reversed()))
        }
    }
}
