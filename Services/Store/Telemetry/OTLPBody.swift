import Contracts
import JSON
import Observability

/// Requests of OTLP/HTTP: a message `ExportMetricsServiceRequest` in JSON.
///
/// Counters are cumulative sums, which began when this process did.
enum OTLPBody {
    static let headers = [("Content-Type", "application/json")]

    /// At most `limit` data points a request.
    static func bodies(
        _ families: [SampledFamily],
        at time: Timestamp,
        since start: Timestamp,
        instance: String,
        limit: Int
    ) -> [TelemetryBody] {
        var bodies: [TelemetryBody] = []
        var page: [SampledFamily] = []
        var room = limit
        func close() {
            guard room < limit else { return }
            let json = request(page, at: time, since: start, instance: instance)
            bodies.append(TelemetryBody(bytes: json, samples: limit - room))
            (page, room) = ([], limit)
        }
        for family in families {
            var rest = family.points[...]
            while !rest.isEmpty {
                var part = family
                part.points = Array(rest.prefix(room))
                page.append(part)
                rest = rest.dropFirst(part.points.count)
                room -= part.points.count
                if room == 0 { close() }
            }
        }
        close()
        return bodies
    }

    private static func request(
        _ families: [SampledFamily],
        at time: Timestamp,
        since start: Timestamp,
        instance: String
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 65_536)
        writer.beginObject()
        writer.key("resourceMetrics")
        writer.beginArray()
        writer.beginObject()
        writer.key("resource")
        writer.beginObject()
        writer.attributes([
            MetricLabel("service.name", TelemetrySettings.job), MetricLabel("service.instance.id", instance),
        ])
        writer.endObject()
        writer.key("scopeMetrics")
        writer.beginArray()
        writer.beginObject()
        writer.key("scope")
        writer.beginObject()
        writer.key("name")
        writer.string("sonde")
        writer.endObject()
        writer.key("metrics")
        writer.beginArray()
        for family in families { writer.metric(family, at: time, since: start) }
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func metric(_ family: SampledFamily, at time: Timestamp, since start: Timestamp) {
        beginObject()
        for (key, value) in [("name", family.name), ("description", family.help), ("unit", family.unit)] {
            self.key(named: key)
            string(value)
        }
        switch family.kind {
        case .counter: key("sum")
        case .gauge: key("gauge")
        case .summary: key("summary")
        }
        beginObject()
        if family.kind == .counter {
            // Cumulative.
            key("aggregationTemporality")
            int(2)
            key("isMonotonic")
            bool(true)
        }
        key("dataPoints")
        beginArray()
        for point in family.points {
            beginObject()
            attributes(point.labels)
            if family.kind != .gauge { nanoseconds("startTimeUnixNano", start) }
            nanoseconds("timeUnixNano", time)
            self.value(point.value)
            endObject()
        }
        endArray()
        endObject()
        endObject()
    }

    fileprivate mutating func attributes(_ labels: [MetricLabel]) {
        key("attributes")
        beginArray()
        for label in labels {
            beginObject()
            key("key")
            string(label.name)
            key("value")
            beginObject()
            key("stringValue")
            string(label.value)
            endObject()
            endObject()
        }
        endArray()
    }

    /// Numbers of 64 bits are texts in the JSON form of Protocol Buffers.
    private mutating func nanoseconds(_ key: StaticString, _ time: Timestamp) {
        self.key(key)
        string("\(time.microseconds * 1_000)")
    }

    private mutating func value(_ value: SampledFamily.Value) {
        switch value {
        case .number(let number):
            key("asDouble")
            double(number)
        case .summary(let count, let sum, let quantiles):
            key("count")
            string("\(UInt64(count))")
            key("sum")
            double(sum)
            key("quantileValues")
            beginArray()
            for (fraction, value) in quantiles {
                beginObject()
                key("quantile")
                double(fraction)
                key("value")
                double(value)
                endObject()
            }
            endArray()
        }
    }
}
