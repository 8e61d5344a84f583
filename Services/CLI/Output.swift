import Contracts
import Foundation
import JSON

/// What the program prints for its user.
enum Output {
    static func line(_ text: String) {
        self.text(text + "\n")
    }

    static func text(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            // Whoever read it has gone, as `head` does; a shell knows this as the end by SIGPIPE.
            exit(141)
        }
    }

    /// One line to the error output.
    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("sonde: \(visible(text))\n".utf8))
    }

    /// With control characters written out, so that what a file holds does nothing to a terminal.
    static func visible(_ text: String) -> String {
        var visible = ""
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            visible += isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return visible
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

    /// Three digits behind the point, of which none are left out, so that columns can be compared.
    static func fixed(_ value: Double) -> String {
        let thousandths = Int((value * 1_000).rounded())
        let rest = String(thousandths % 1_000)
        return "\(thousandths / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// Labels as they are typed, sorted; "-" for none.
    static func labels(_ labels: [String: String]) -> String {
        guard !labels.isEmpty else { return "-" }
        return labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// Whether a span of time is to come, or over, in a word.
    static func state(from: Timestamp, to: Timestamp, at now: Timestamp) -> String {
        now < from ? "planned" : now < to ? "now" : "over"
    }

    /// Lines of columns as wide as their widest cell: the first to the right, some to the left, numbers to the right.
    static func aligned(_ headings: [String], _ rows: [[String]], leading: Int) -> [String] {
        let widths = headings.indices.map { column in ([headings] + rows).map { $0[column].count }.max() ?? 0 }
        return ([headings] + rows).map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return (1..<leading).contains(column) ? row[column] + padding : padding + row[column]
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
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
