import Foundation

/// A real server that keeps time series and takes remote write, from its Debian package.
///
/// It has a free port of loopback and a directory of its own. Whatever becomes of the tests, it ends with their process,
/// and its directory goes too.
public final class SeriesServer: Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case prometheus
        case victoriaMetrics = "victoria-metrics"
    }

    public let kind: Kind
    private let port: UInt16
    private let caretaker: Caretaker

    /// Returns when it listens.
    public init(_ kind: Kind) async throws {
        self.kind = kind
        port = try freePort()
        let directory = FileManager.default.temporaryDirectory.appending(path: "sonde-series-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data().write(to: directory.appending(path: "prometheus.yml"))
        let server = ["/usr/bin/\(kind.rawValue)"] + Self.options(kind, port, in: directory.path)
        caretaker = try Caretaker(server: server, in: directory.path)
        do {
            try await awaitListener(on: port)
        } catch {
            stop()
            throw error
        }
    }

    private static func options(_ kind: Kind, _ port: UInt16, in directory: String) -> [String] {
        switch kind {
        case .prometheus:
            [
                "--config.file=\(directory)/prometheus.yml", "--storage.tsdb.path=\(directory)/data",
                "--web.listen-address=127.0.0.1:\(port)", "--web.enable-remote-write-receiver",
            ]
        case .victoriaMetrics:
            // What is written can be asked for at once.
            [
                "-storageDataPath=\(directory)/data", "-httpListenAddr=127.0.0.1:\(port)", "-retentionPeriod=100y",
                "-search.latencyOffset=0s", "-search.disableCache", "-memory.allowedBytes=64MB",
            ]
        }
    }

    public var url: String { "http://127.0.0.1:\(port)" }
    public var remoteWriteURL: String { "\(url)/api/v1/write" }
    /// Answers 200 when it is ready for more than connections.
    public var readyURL: String { "\(url)/\(kind == .prometheus ? "-/ready" : "health")" }

    /// Makes what was written visible to queries at once, where that takes a while; any answer will do.
    public var flushURL: String { "\(url)/internal/force_flush" }

    /// Returns when it has ended and its files are gone.
    public func stop() {
        caretaker.dismiss()
    }
}
