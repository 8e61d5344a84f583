import Foundation
import JSON
import Synchronization

/// Writes one JSON object a line: time, level, service, message, the trace it belongs to, and fields.
public struct Log: Sendable {
    public enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warning, error

        public static func < (left: Self, right: Self) -> Bool {
            left.rank < right.rank
        }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    private static let ownMembers: Set = ["time", "level", "service", "message", "trace_id"]

    public let label: String
    public let minimum: Level
    private let sink: any LogSink
    private let repetitions: Repetitions?

    /// With `repetitions`, warnings and errors that are said over and over are said once a minute.
    public init(
        label: String,
        minimum: Level = .info,
        sink: any LogSink = StandardErrorSink(),
        repetitions: Repetitions? = nil
    ) {
        self.label = label
        self.minimum = minimum
        self.sink = sink
        self.repetitions = repetitions
    }

    public func debug(_ message: StaticString, _ fields: @autoclosure () -> [String: String] = [:]) {
        write(.debug, message, fields)
    }

    public func info(_ message: StaticString, _ fields: @autoclosure () -> [String: String] = [:]) {
        write(.info, message, fields)
    }

    public func warning(_ message: StaticString, _ fields: @autoclosure () -> [String: String] = [:]) {
        write(.warning, message, fields)
    }

    public func error(_ message: StaticString, _ fields: @autoclosure () -> [String: String] = [:]) {
        write(.error, message, fields)
    }

    private func write(_ level: Level, _ message: StaticString, _ fields: () -> [String: String]) {
        guard level >= minimum else { return }
        var fields = fields()
        if level >= .warning, let repetitions {
            guard let omitted = repetitions.admit(message.description, fields) else { return }
            if omitted > 0 { fields["repeated"] = "\(omitted)" }
        }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("time")
        writer.string(Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        writer.key("level")
        writer.string(level.rawValue)
        writer.key("service")
        writer.string(label)
        writer.key("message")
        writer.string(message.description)
        if let trace = CallContext.current?.trace {
            writer.key("trace_id")
            writer.string(trace.traceID)
        }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            // A member stands in a line once, whatever a field is called.
            writer.key(named: Self.ownMembers.contains(key) ? "field_\(key)" : key)
            writer.string(value)
        }
        writer.endObject()
        writer.newline()
        sink.write(writer.bytes)
    }
}

/// Where log lines go.
public protocol LogSink: Sendable {
    /// One whole line with its newline; called from any thread.
    func write(_ line: [UInt8])
}

/// The process's standard error, one `write(2)` a line so that lines of several processes do not mix.
public struct StandardErrorSink: LogSink {
    public init() {}

    public func write(_ line: [UInt8]) {
        _ = unsafe line.withUnsafeBytes { unsafe Foundation.write(2, $0.baseAddress, $0.count) }
    }
}

/// Keeps lines in memory, for tests that look at what was logged.
public final class MemorySink: LogSink {
    private let stored = Mutex<[String]>([])

    public init() {}

    public var lines: [String] { stored.withLock { $0 } }

    public func write(_ line: [UInt8]) {
        stored.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }
}
