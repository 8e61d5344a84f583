import Contracts
import Glibc
import JSON
import JSONRPC

/// Answers `measurement.follow`: every row once, in the order of committing, from a cursor on.
///
/// A stream holds what it sends and a cursor, nothing else: one that is slow reads on from the log.
struct FollowStreams: Sendable {
    let events: EventLog
    let limits: QueryLimits

    private static let method = RPCStreamMethod.followMeasurements.descriptor

    func addRoutes(to router: inout RPCRouter) {
        router.handle(Self.method, raw: follow)
    }

    private func follow(_ params: ArraySlice<UInt8>) async throws -> RPCRawReply {
        let request: FollowRequest = try readParams(params)
        guard request.cursor ?? 0 >= 0 else { throw invalid("cursor", "must not be negative") }
        guard request.targetIDs?.count ?? 0 <= limits.followedTargets else {
            throw invalid("target_ids", "must be at most \(limits.followedTargets)")
        }
        let targets = request.targetIDs.map(Set.init)
        let start = try await events.start(after: request.cursor)
        return RPCRawReply(
            result: try encodeJSON(FollowStart(cursor: start))[...],
            stream: RPCStreamBody { [events] sink in
                var cursor = start
                while let chunk = try await events.next(after: cursor) {
                    for event in chunk {
                        cursor = event.cursor
                        if let line = try event.line(of: targets) { try await sink.send(line: line) }
                    }
                }
            }
        )
    }
}

extension StoredEvent {
    /// The notification that carries this event, or the rows of `targets` in it; `nil` when it has none of those.
    fileprivate func line(of targets: Set<TargetID>?) throws -> [UInt8]? {
        guard let targets else { return try line(with: batch) }
        let batch = try MeasurementBatch(json: batch)
        let isWanted = batch.series.map { targets.contains($0.targetID) }
        guard batch.columns.series.contains(where: { isWanted[$0] }) else { return nil }
        return try line(with: batch.only(isWanted).json[...])
    }

    private func line(with batch: ArraySlice<UInt8>) throws -> [UInt8] {
        var writer = JSONWriter(capacity: batch.count + 128)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.raw("\"2.0\"")
        writer.key("method")
        writer.string(RPCStreamMethod.followMeasurements.descriptor.name)
        writer.key("params")
        writer.beginObject()
        writer.key("cursor")
        writer.int(cursor)
        writer.key("batch")
        // A line feed may stand between the values of a sender's JSON, but not within a line.
        writer.raw(batch.hasLineFeed ? try MeasurementBatch(json: batch).json[...] : batch)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}

extension ArraySlice<UInt8> {
    fileprivate var hasLineFeed: Bool {
        unsafe withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return unsafe memchr(start, CInt(UInt8(ascii: "\n")), bytes.count) != nil
        }
    }
}
