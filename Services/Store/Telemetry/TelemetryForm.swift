import Contracts
import Observability

/// How samples are written for a destination.
enum TelemetryForm: String, Sendable {
    case remoteWrite = "remote_write"
    case otlp

    var headers: [(String, String)] {
        switch self {
        case .remoteWrite: RemoteWriteBody.headers
        case .otlp: OTLPBody.headers
        }
    }

    func bodies(
        _ families: [SampledFamily],
        at time: Timestamp,
        since start: Timestamp,
        _ settings: TelemetrySettings
    ) throws -> [TelemetryBody] {
        let (instance, limit) = (settings.instance, settings.limits.requestSeries)
        return switch self {
        case .remoteWrite: try RemoteWriteBody.bodies(families, at: time, instance: instance, limit: limit)
        case .otlp: OTLPBody.bodies(families, at: time, since: start, instance: instance, limit: limit)
        }
    }
}
