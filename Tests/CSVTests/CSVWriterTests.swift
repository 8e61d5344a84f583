import CSV
import Testing

@Suite("The CSV writer")
struct CSVWriterTests {
    private static func line(_ fields: String..., guardsFormulas: Bool = true) -> String {
        var writer = CSVWriter(guardsFormulas: guardsFormulas)
        for field in fields { writer.text(field.utf8) }
        writer.endRecord()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("quotes what needs it, and nothing else")
    func quotes() {
        let line = Self.line("a b", "c,d", "e\"f", "g\nh", "i\rj", "", "'k")
        #expect(line == "a b,\"c,d\",\"e\"\"f\",\"g\nh\",\"i\rj\",,'k\n")
    }

    @Test("guards texts that a spreadsheet would run, and not numbers")
    func formulas() {
        #expect(Self.line("=1+1", "+1", "-1", "@a", "a=") == "'=1+1,'+1,'-1,'@a,a=\n")
        #expect(Self.line("\tx", "\rx") == "'\tx,\"'\rx\"\n")
        #expect(Self.line("＝1", "＋1", "－1", "＠a", "'＝1", "ａ＝", "é") == "'＝1,'＋1,'－1,'＠a,''＝1,ａ＝,é\n")
        #expect(Self.line("\0=1") == "'\0=1\n")
        #expect(Self.line("=1", guardsFormulas: false) == "=1\n")
        var writer = CSVWriter()
        writer.plain("-1.5".utf8)
        #expect(writer.bytes == Array("-1.5".utf8))
    }

    @Test("is undone by the reader, for texts of any kind")
    func roundTrip() throws {
        let parts = ["=", "'", "+", "-", "@", "\t", "\r", "\n", "a", "\"", ",", "é", " ", "＝", "＠", "\u{301}"]
        var texts = parts
        for first in parts { for second in parts { for third in parts { texts.append(first + second + third) } } }
        var writer = CSVWriter()
        for text in texts {
            writer.text(text.utf8)
            writer.plain("x".utf8)
            writer.endRecord()
        }
        var reader = CSVReader()
        var records: [CSVRecord] = []
        try reader.read(writer.bytes, into: &records)
        try reader.finish(into: &records)
        #expect(records.map { FormulaGuard.removed(from: $0.fields[0]) } == texts)
    }

    @Test("has its guard taken off only where it stands for one")
    func unguarded() {
        for text in ["'", "''", "'a", "it's", "", "-1", "a'=1", "'Ａ", "＝1"] {
            #expect(FormulaGuard.removed(from: text) == text)
        }
        #expect(FormulaGuard.removed(from: "'=1") == "=1")
        #expect(FormulaGuard.removed(from: "''=1") == "'=1")
        #expect(FormulaGuard.removed(from: "'＝1") == "＝1")
    }
}
