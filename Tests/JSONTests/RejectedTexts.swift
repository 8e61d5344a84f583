extension TextCase {
    /// Texts that no strict JSON reader accepts, by the kinds of the public test suites.
    static let rejected: [TextCase] = rejectedStructure + rejectedNumbers + rejectedStrings + rejectedEncodings

    private static func cases(_ kind: String, _ texts: [String]) -> [TextCase] {
        texts.map { TextCase("\(kind) \($0.debugDescription.prefix(60))", $0) }
    }

    private static let rejectedStructure =
        cases("nothing", ["", " ", "\n", "\t ", "\r\n"])
        + cases(
            "word",
            ["nul", "nulll", "fals", "tru", "True", "NULL", "nil", "undefined", "[nul]", "[fals]", "[tru]"]
        )
        + cases(
            "word",
            ["[True]", "truefalse", "nullnull", "tr", "f", "n", "[t", "aå", "å", "*", "#", "<null>", "[<null>]"]
        )
        + cases("array", ["[1 true]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]", "[\"x\"]]", "[\"\",]"])
        + cases("array", ["[\"x\"", "[x", "[3[4]]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]", "[1,,]"])
        + cases(
            "array",
            ["[\u{B}a]", "[*]", "[\"\"", "[1,", "[1,\n1\n,1", "[{}", "[", "]", "[[]", "[]]", "[1}", "[a]"]
        )
        + cases("array", ["[1:2]", "[1;2]", "(1)", "[1]x", "[\"a\" \"b\"]", "[true false]", "[\u{A0}]", "[\u{2060}]"])
        + cases("object", ["[\"x\", truth]", "{[: \"x\"}\n", "{\"x\", null}", "{\"x\"::\"b\"}", "{\"a\":\"a\" 123}"])
        + cases("object", ["{key: 'value'}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}", "{\"a\":", "{\"a\"", "{1:1}"])
        + cases(
            "object",
            ["{9999E9999:1}", "{null:null,null:null}", "{\"id\":0,,,,,}", "{'a':0}", "{\"id\":0,}", "{a: \"b\"}"]
        )
        + cases(
            "object",
            [
                "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}/**//", "{\"a\":\"b\"}//", "{\"a\":\"b\"}/",
                "{\"a\":\"b\",,\"c\":\"d\"}",
            ]
        )
        + cases(
            "object",
            [
                "{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }", "{\"a\":\"b\"}#", "{", "}", "{,", "{\"a\":1,", "{]",
                "{\"\":",
            ]
        )
        + cases(
            "object",
            ["{\"a\"}", "{\"a\":}", "{\"a\":1 \"b\":2}", "{\"a\"=1}", "{{}}", "{[]:1}", "{true:1}", "{\"a\":1]"]
        )
        + cases(
            "object",
            ["{\"asd\":\"asd\"", "{🇨🇭}", "{\"a\":/*comment*/\"b\"}", "{\"a\": true} \"x\"", "{\"a\":\"b\"}}"]
        )
        + cases(
            "rest",
            ["[1]x", "[1] 2", "1 2", "[][]", "{}{}", "[],[]", "2@", "{}}", "[\"\"]]", "1]", "\"a\"\"b\"", "null,"]
        )
        + cases(
            "rest",
            ["// comment\n1", "1 // comment", "/* */1", "<.>", "[<null>]", "[\u{C}]", "\u{C}[]", "[1]\0", "\0[1]"]
        )
        + [
            TextCase("65 arrays in one another", String(repeating: "[", count: 65) + String(repeating: "]", count: 65)),
            TextCase("100,000 arrays without an end", String(repeating: "[", count: 100_000)),
            TextCase("100,000 objects without an end", String(repeating: "{\"\":", count: 100_000)),
            TextCase("arrays and objects without an end", String(repeating: "[{\"\":", count: 50_000)),
        ]

    private static let rejectedNumbers =
        cases(
            "sign",
            ["[++1234]", "[+1]", "[+Inf]", "[--1]", "[-]", "[- 1]", "[-foo]", "[+]", "+1", "-", "[1+2]", "[-+1]"]
        )
        + cases("zero", ["[-01]", "[-012]", "[012]", "[00]", "[-00]", "[00.5]", "01", "[0123.4]", "[000]"])
        + cases(
            "point",
            ["[-1.0.]", "[-2.]", "[.-1]", "[.2e-3]", "[0.1.2]", "[0.e1]", "[1.]", "[.5]", "[2.e3]", "[2.e+3]"]
        )
        + cases("point", ["[2.e-3]", "[1.2.3]", "[.]", "[-.5]", "[-.]", "[1,5.]", "0.", "[0..1]"])
        + cases(
            "exponent",
            ["[0.3e+]", "[0.3e]", "[0E+]", "[0E]", "[0e+]", "[0e]", "[1.0e+]", "[1.0e-]", "[1.0e]", "[1eE2]"]
        )
        + cases(
            "exponent",
            ["[9.e+]", "[1e]", "[1e+]", "[1e-]", "[1ee2]", "[1e2e3]", "[1e1.5]", "[e5]", "[1e+-2]", "[-e1]"]
        )
        + cases("word", ["[Inf]", "[NaN]", "[-NaN]", "[-Infinity]", "[Infinity]", "[nan]", "[inf]", "NaN", "Infinity"])
        + cases("digits", ["[0x1]", "[0x42]", "[0X1F]", "[0b1]", "[0o7]", "[1 000.0]", "[1_000]", "[1a]", "[1.2a-3]"])
        + cases(
            "digits",
            ["[1.8011670033376514H-308]", "[-1x]", "[-123.123foo]", "[1,000 0]", "[１]", "[-१]", "[1\u{B2}]", "[1f]"]
        )
        + cases("digits", ["[- 0]", "[1 e2]", "[1e 2]", "[1. 5]", "[0 .5]", "[1L]", "[1.5d]", "[$1]", "[1%]", "[1/2]"])
        + [
            TextCase("a byte behind a digit", "[1", hex: "E5", "]"),
            TextCase("a byte in an exponent", "[1e1", hex: "E5", "]"),
        ]

    private static let rejectedStrings =
        cases(
            "quote",
            [
                "[\"", "\"", "[\"a", "\"a", "'a'", "['single quote']", "[a\"]", "[`a`]", "abc", "[\"a\"b]", "[\"]",
                "\"a\\\"",
            ]
        )
        + cases(
            "escape",
            ["[\"\\\"]", "[\"\\", "[\"\\x00\"]", "[\"\\\\\\\"]", "[\"\\a\"]", "[\"\\🌀\"]", "[\"\\'\"]", "[\"\\0\"]"]
        )
        + cases(
            "escape",
            ["[\"\\U0041\"]", "[\"\\v\"]", "[\"\\ \"]", "[\"\\\n\"]", "[\"\\101\"]", "\\u0041", "[\\n]", "[\"a\\"]
        )
        + cases(
            "hex",
            [
                "[\"\\u\"]", "[\"\\u0\"]", "[\"\\u00\"]", "[\"\\u00A\"]", "[\"\\u00G0\"]", "[\"\\u 041\"]",
                "[\"\\u+041\"]",
            ]
        )
        + cases(
            "hex",
            ["[\"\\u{41}\"]", "[\"\\uqqqq\"]", "[\"\\u0x1\"]", "[\"\\u-041\"]", "[\"\\u004", "[\"\\u", "[\"\\u1"]
        )
        + cases(
            "surrogate",
            ["[\"\\uD800\"]", "[\"\\uDC00\"]", "[\"\\uDFFF\"]", "[\"\\uD800\\\"]", "[\"\\uD800\\u\"]"]
        )
        + cases(
            "surrogate",
            ["[\"\\uD800\\u1\"]", "[\"\\uD800\\u1x\"]", "[\"\\uD800\\n\"]", "[\"\\uD800\\uD800\"]", "[\"\\uD800abc\"]"]
        )
        + cases(
            "surrogate",
            ["[\"\\uDC00\\uD800\"]", "[\"\\uD834\\u0041\"]", "[\"\\uDBFF\"]", "[\"\\uD83D\\\\uDE39\"]", "[\"\\uD83D"]
        )
        + cases(
            "surrogate",
            ["[\"\\uD83D\\uDE3\"]", "{\"\\uD800\":1}", "[\"\\ud800\"]", "[\"a\\udeada\"]", "[\"\\uDd1e\\uD834\"]"]
        )
        + (0..<0x20).map { TextCase("control character \($0)", "[\"a", hex: String($0, radix: 16), "a\"]") }
        + [TextCase("control character behind 20 others", "\"01234567890123456789\u{1}\"")]

    private static let rejectedEncodings = [
        TextCase("byte order mark", "", hex: "EF BB BF", "{}"),
        TextCase("nothing but a byte order mark", "", hex: "EF BB BF"),
        TextCase("half a byte order mark", "", hex: "EF BB", "{}"),
        TextCase("UTF-16 with a byte order mark", "", hex: "FF FE 5B 00 5D 00"),
        TextCase("UTF-16, big end first", "", hex: "00 5B 00 22 00 E9 00 22 00 5D"),
        TextCase("UTF-32", "", hex: "5B 00 00 00 5D 00 00 00"),
        TextCase("lone continuation byte", "[\"", hex: "81", "\"]"),
        TextCase("Latin 1", "[\"", hex: "E9", "\"]"),
        TextCase("overlong slash, two bytes", "[\"", hex: "C0 AF", "\"]"),
        TextCase("overlong slash, three bytes", "[\"", hex: "E0 80 AF", "\"]"),
        TextCase("overlong slash, four bytes", "[\"", hex: "F0 80 80 AF", "\"]"),
        TextCase("overlong null", "[\"", hex: "C0 80", "\"]"),
        TextCase("overlong last two-byte", "[\"", hex: "E0 9F BF", "\"]"),
        TextCase("overlong last three-byte", "[\"", hex: "F0 8F BF BF", "\"]"),
        TextCase("six bytes", "[\"", hex: "FC 83 BF BF BF BF", "\"]"),
        TextCase("five bytes", "[\"", hex: "F8 88 80 80 80", "\"]"),
        TextCase("beyond Unicode", "[\"", hex: "F4 90 80 80", "\"]"),
        TextCase("far beyond Unicode", "[\"", hex: "F5 80 80 80", "\"]"),
        TextCase("UTF-8 surrogate U+D800", "[\"", hex: "ED A0 80", "\"]"),
        TextCase("UTF-8 surrogate U+DFFF", "[\"", hex: "ED BF BF", "\"]"),
        TextCase("UTF-8 surrogate pair", "[\"", hex: "ED A0 BD ED B8 80", "\"]"),
        TextCase("two bytes cut short", "[\"", hex: "C3", "\"]"),
        TextCase("three bytes cut short", "[\"", hex: "E2 82", "\"]"),
        TextCase("four bytes cut short", "[\"", hex: "F0 9D 84", "\"]"),
        TextCase("two bytes cut by the end", "\"", hex: "C3"),
        TextCase("three bytes cut by the end", "\"", hex: "E2 82"),
        TextCase("four bytes cut by the end", "\"", hex: "F0 9D 84"),
        TextCase("a good sequence and a bad one", "[\"", hex: "C3 A9 C3", "\"]"),
        TextCase("bad byte behind 15 others", "\"0123456789abcde", hex: "FF", "0123456789abcdef\""),
        TextCase("bad byte behind an escape", "\"\\n", hex: "80", "\""),
        TextCase("bad byte in a key", "{\"", hex: "FF", "\":1}"),
        TextCase("bad byte between values", "[1,", hex: "E9", "]"),
        TextCase("FF", "", hex: "FF"),
        TextCase("FE in a string", "[\"", hex: "FE", "\"]"),
        TextCase("bad byte behind an open array", "[", hex: "FF"),
        TextCase("null byte behind the text", "123", hex: "00"),
        TextCase("null byte in a string", "[\"", hex: "00", "\"]"),
    ]
}
