import Contracts
import Glibc
import JSON
import JSONRPC

/// Answers `measurement.follow` and `event.follow`: every row once, in the order of committing, from a cursor on.
///
/// A stream holds what it sends and a cursor, nothing else: one that is slow reads on from the log.
struct FollowStreams: Sendable {
    let events: EventLog
    let limits: QueryLimits

    func addRoutes(to router: inout RPCRouter) {
        router.handle(RPCStreamMethod.followMeasurements.descriptor, raw: followMeasurements)
        router.handle(RPCStreamMethod.followEvents.descriptor, raw: followEvents)
    }

    private func followMeasurements(_ params: ArraySlice<UInt8>) async throws -> RPCRawReply {
        let tenant = try Person.ofCall.tenant
        let request: FollowRequest = try readParams(params)
        guard request.targetIDs?.count ?? 0 <= limits.followedTargets else {
            throw invalid("target_ids", "must be at most \(limits.followedTargets)")
        }
        let targets = request.targetIDs.map(Set.init)
        return try await follow(.tenant(tenant), after: request.cursor) { try $0.measurementLine(of: targets) }
    }

    private func followEvents(_ params: ArraySlice<UInt8>) async throws -> RPCRawReply {
        let request: EventRequest = try readParams(params)
        let follower = request.tenant.map { Follower.tenant($0) } ?? .everything
        return try await follow(follower, after: request.cursor) { try $0.eventLine() }
    }

    private func follow(
        _ follower: Follower,
        after cursor: Int?,
        line: @escaping @Sendable (StoredEvent) throws -> [UInt8]?
    ) async throws -> RPCRawReply {
        guard cursor ?? 0 >= 0 else { throw invalid("cursor", "must not be negative") }
        let start = try await events.start(of: follower, after: cursor)
        return RPCRawReply(
            result: try encodeJSON(FollowStart(cursor: start))[...],
            stream: RPCStreamBody { [events] sink in
                var place = start
                while let chunk = try await events.next(for: follower, after: place) {
                    for event in chunk {
                        place = event.place(for: follower) ?? place
                        if let line = try line(event) { try await sink.send(line: line) }
                    }
                }
            }
        )
    }
}

extension StoredEvent {
    /// The notification that carries this event to its tenant's people, or the rows of `targets` in it; `nil` when it has
    /// none of those.
    fileprivate func measurementLine(of targets: Set<TargetID>?) throws -> [UInt8]? {
        var batch = batch
        if let targets {
            let all = try MeasurementBatch(json: batch)
            let isWanted = all.series.map { targets.contains($0.targetID) }
            guard all.columns.series.contains(where: { isWanted[$0] }) else { return nil }
            batch = all.only(isWanted).json[...]
        }
        return try line(of: RPCStreamMethod.followMeasurements.descriptor, with: batch) { writer in
            writer.key("cursor")
            writer.int(number)
        }
    }

    /// The notification that carries this event to a service.
    fileprivate func eventLine() throws -> [UInt8] {
        try line(of: RPCStreamMethod.followEvents.descriptor, with: batch) { writer in
            writer.key("cursor")
            writer.int(cursor)
            writer.key("tenant")
            writer.string(tenant.rawValue)
            writer.key("number")
            writer.int(number)
        }
    }

    private func line(
        of method: RPCDescriptor,
        with batch: ArraySlice<UInt8>,
        _ place: (inout JSONWriter) -> Void
    ) throws -> [UInt8] {
        var writer = JSONWriter(capacity: batch.count + 256)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.raw("\"2.0\"")
        writer.key("method")
        writer.string(method.name)
        writer.key("params")
        writer.beginObject()
        place(&writer)
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
