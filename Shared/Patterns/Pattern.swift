import CPCRE2

/// A regular expression in the language of PCRE2, which may come from anybody: what it costs to match is bounded, and
/// it can neither call out nor look at more than it is given.
@safe public final class Pattern {
    /// Bytes of a pattern's text.
    public static let maximumBytes = 1_024
    /// How long one match may take, by the clock, since a step may be a pass over all of the subject; steps that it may
    /// take, and KiB of memory.
    private static let nanoseconds: UInt64 = 20_000_000
    private static let steps: UInt32 = 200_000
    private static let kilobytes: UInt32 = 1_024

    private let code: OpaquePointer
    private let limits: OpaquePointer

    /// Throws `PatternError` when the text is no pattern.
    public init(_ text: String) throws(PatternError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw PatternError("is longer than \(Self.maximumBytes) bytes")
        }
        var failure: CInt = 0
        var offset = 0
        let options =
            UInt32(PCRE2_UTF) | UInt32(PCRE2_MATCH_INVALID_UTF) | UInt32(PCRE2_NEVER_BACKSLASH_C)
            | UInt32(PCRE2_AUTO_CALLOUT)
        var bytes = Array(text.utf8)
        let compiled = unsafe pcre2_compile_8(&bytes, bytes.count, options, &failure, &offset, nil)
        guard let compiled = unsafe compiled else {
            throw PatternError("is no pattern: \(Self.message(failure)), at byte \(offset)")
        }
        guard let limits = unsafe pcre2_match_context_create_8(nil) else {
            unsafe pcre2_code_free_8(compiled)
            throw PatternError("needs more memory than there is")
        }
        unsafe pcre2_set_match_limit_8(limits, Self.steps)
        unsafe pcre2_set_depth_limit_8(limits, Self.steps)
        unsafe pcre2_set_heap_limit_8(limits, Self.kilobytes)
        unsafe code = unsafe compiled
        unsafe self.limits = unsafe limits
    }

    deinit {
        unsafe pcre2_match_context_free_8(limits)
        unsafe pcre2_code_free_8(code)
    }

    /// Whether some part of `subject` matches.
    ///
    /// Throws `PatternError` when that takes more steps or memory than are allowed.
    public func matches(_ subject: [UInt8]) throws(PatternError) -> Bool {
        guard let found = unsafe pcre2_match_data_create_8(1, nil) else {
            throw PatternError("needs more memory than there is")
        }
        defer { unsafe pcre2_match_data_free_8(found) }
        let deadline = CPCRE2_time_in(Self.nanoseconds)
        let result = unsafe withUnsafePointer(to: deadline) { deadline in
            unsafe CPCRE2_set_deadline(limits, deadline)
            return unsafe subject.withUnsafeBufferPointer { buffer in
                unsafe pcre2_match_8(code, buffer.baseAddress, buffer.count, 0, 0, found, limits)
            }
        }
        guard result < 0 else { return true }
        guard result != PCRE2_ERROR_NOMATCH else { return false }
        throw PatternError("could not be matched: \(Self.message(result))")
    }

    private static func message(_ code: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = unsafe pcre2_get_error_message_8(code, &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : "error \(code)"
    }
}

/// What is wrong with a pattern, in words that follow its name.
public struct PatternError: Error, Equatable, Sendable, CustomStringConvertible {
    public var message: String

    init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
