import Contracts

/// A batch as the payload of a record: a version, the agent, the series, and the rows one after another.
///
/// Everything a row needs is in its own record, so a record that is lost takes no other with it.
enum BatchPayload {
    private static let version: UInt8 = 2
    /// What may be found: the first one knew no intervals.
    private static let versions = 1...version

    static func write(_ batch: MeasurementBatch, to writer: inout ByteWriter) {
        writer.byte(version)
        writer.identifier(batch.agentID)
        writer.text(batch.origin)
        writer.varint(batch.series.count)
        for series in batch.series {
            writer.identifier(series.checkID)
            writer.identifier(series.targetID)
            writer.text(series.target)
            writer.text(series.type.rawValue)
            writer.text(series.endpoint)
            writer.varint(series.intervalMilliseconds ?? 0)
        }
        writer.varint(batch.count)
        for index in 0..<batch.count {
            writer.varint(batch.columns.series[index])
            writer.row(batch.columns, index)
        }
    }

    /// `nil` when the payload is not one of this version.
    static func read(_ bytes: ArraySlice<UInt8>) -> MeasurementBatch? {
        var reader = ByteReader(bytes)
        guard let written = reader.byte(), versions.contains(written), let agent: AgentID = reader.identifier(),
            let origin = reader.text(),
            let seriesCount = reader.varint()
        else { return nil }
        var batch = MeasurementBatch(agentID: agent, origin: origin, series: [], columns: MeasurementColumns())
        for _ in 0..<seriesCount {
            guard let series = reader.series(hasInterval: written > 1) else { return nil }
            batch.series.append(series)
        }
        guard let count = reader.varint() else { return nil }
        for _ in 0..<count {
            guard let series = reader.varint(), batch.series.indices.contains(series), let row = reader.row() else {
                return nil
            }
            batch.columns.append(row, series: series)
        }
        return reader.isAtEnd ? batch : nil
    }
}

extension ByteWriter {
    /// Sixteen bytes where it is a UUID.
    fileprivate mutating func identifier<Kind>(_ identifier: Identifier<Kind>) {
        guard let uuid = UUIDv7(identifier.rawValue) else { return text(identifier.rawValue) }
        varint(0)
        fixed(uuid.high)
        fixed(uuid.low)
    }

    fileprivate mutating func row(_ columns: MeasurementColumns, _ index: Int) {
        fixed(columns.id[index].high)
        fixed(columns.id[index].low)
        fixed(UInt64(bitPattern: columns.timestamp[index]))
        fixed(columns.latency[index].bitPattern)
        byte(columns.status[index].rawValue)
        byte(columns.reason[index].rawValue)
        varint(columns.sent[index])
        varint(columns.received[index])
        blob(columns.metadata(index))
    }
}

extension ByteReader {
    fileprivate mutating func identifier<Kind>() -> Identifier<Kind>? {
        guard let text = text() else { return nil }
        guard text.isEmpty else { return Identifier(rawValue: text) }
        guard let high = fixed(UInt64.self), let low = fixed(UInt64.self) else { return nil }
        return Identifier(rawValue: UUIDv7(high: high, low: low).description)
    }

    fileprivate mutating func series(hasInterval: Bool) -> MeasurementSeries? {
        guard let check: CheckID = identifier(), let target: TargetID = identifier(), let name = text(),
            let type = text().flatMap(CheckType.init), let endpoint = text(), let interval = hasInterval ? varint() : 0
        else { return nil }
        return MeasurementSeries(
            checkID: check,
            targetID: target,
            target: name,
            type: type,
            endpoint: endpoint,
            intervalMilliseconds: interval == 0 ? nil : interval
        )
    }

    fileprivate mutating func row() -> MeasurementRow? {
        guard let high = fixed(UInt64.self), let low = fixed(UInt64.self), let time = fixed(UInt64.self),
            let latency = fixed(UInt64.self).map(Double.init(bitPattern:)),
            let status = byte().flatMap(MeasurementStatus.init), let reason = byte().flatMap(FailureReason.init),
            let sent = varint(), let received = varint(), let metadata = blob()
        else { return nil }
        return MeasurementRow(
            id: UUIDv7(high: high, low: low),
            timestamp: Timestamp(microseconds: Int64(bitPattern: time)),
            latency: latency.isNaN ? nil : latency,
            status: status,
            reason: reason,
            sent: sent,
            received: received,
            metadata: Array(metadata)
        )
    }
}
