import Configuration

/// The words of a command line, taken apart: options as `--name value` or `--name=value`, flags as `--name`.
struct Arguments {
    private(set) var words: [String] = []
    private var options: [String: String] = [:]
    private var flags: Set<String> = []

    /// Throws for an option that is unknown, has no value, or stands there twice.
    init(_ arguments: [String], options known: Set<String>, flags knownFlags: Set<String>) throws(CommandLineError) {
        var rest = arguments[...]
        var onlyWords = false
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), !onlyWords else {
                words.append(argument)
                continue
            }
            guard argument != "--" else {
                onlyWords = true
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if knownFlags.contains(name), parts.count == 1 {
                flags.insert(name)
            } else if known.contains(name) {
                guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                    throw CommandLineError(.usage, "--\(name) needs a value")
                }
                guard options.updateValue(value, forKey: name) == nil else {
                    throw CommandLineError(.usage, "--\(name) is given twice")
                }
            } else {
                throw CommandLineError(.usage, "there is no option --\(name) here; try --help")
            }
        }
    }

    subscript(name: String) -> String? { options[name] }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(CommandLineError) -> Int? {
        guard let text = options[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw CommandLineError(
                .usage,
                "--\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound), got \"\(text)\""
            )
        }
        return value
    }

    func milliseconds(_ name: String) throws(CommandLineError) -> Int? {
        guard let text = options[name] else { return nil }
        guard let duration = Duration(text: text) else {
            throw CommandLineError(.usage, "--\(name) must be a duration such as 500ms, 2s or 1m, got \"\(text)\"")
        }
        return Int(duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000)
    }

    /// The words, which must be as many as there are names.
    func words(_ names: String...) throws(CommandLineError) -> [String] {
        guard words.count >= names.count else {
            throw CommandLineError(.usage, "\(names[words.count]) is missing; try --help")
        }
        guard words.count == names.count else {
            throw CommandLineError(.usage, "\"\(words[names.count])\" is one word too many; try --help")
        }
        return words
    }
}
