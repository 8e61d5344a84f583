import Contracts
import Observability
import Packing

/// Requests of Prometheus' remote write, version 1.0: a message `WriteRequest`, in one block of Snappy.
enum RemoteWriteBody {
    static let headers = [
        ("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf"),
        ("X-Prometheus-Remote-Write-Version", "0.1.0"),
    ]

    /// One sample of each series, of at most `limit` series a request.
    ///
    /// `job` and `instance` are the labels that a server would add which asked for the same.
    static func bodies(
        _ families: [SampledFamily],
        at time: Timestamp,
        instance: String,
        limit: Int
    ) throws(PackingError) -> [TelemetryBody] {
        let own = [MetricLabel("instance", instance), MetricLabel("job", TelemetrySettings.job)]
        var series: [(labels: [MetricLabel], value: Double)] = []
        for family in families {
            family.forEachSeries { name, labels, value in
                let all = own.reduce(labels) { $0.adding($1) }.adding(MetricLabel("__name__", name))
                series.append((all, value))
            }
        }
        var bodies: [TelemetryBody] = []
        var rest = series[...]
        while !rest.isEmpty {
            var writer = ProtobufWriter()
            for (labels, value) in rest.prefix(limit) {
                writer.message(1) { $0.addSeries(labels, value, at: time) }
            }
            bodies.append(TelemetryBody(bytes: try Snappy.block(writer.bytes), samples: min(limit, rest.count)))
            rest = rest.dropFirst(limit)
        }
        return bodies
    }
}

extension ProtobufWriter {
    /// The fields of a `TimeSeries`: labels, which have a name and a value, then samples, with a value and a time in
    /// milliseconds.
    fileprivate mutating func addSeries(_ labels: [MetricLabel], _ value: Double, at time: Timestamp) {
        for label in labels {
            message(1) { message in
                message.text(1, label.name)
                message.text(2, label.value)
            }
        }
        message(2) { sample in
            sample.double(1, value)
            sample.integer(2, time.microseconds / 1_000)
        }
    }
}
