import Contracts
import JSON
import JSONRPC

/// A batch of one tenant on its way into the database.
struct IncomingBatch: Sendable {
    let batch: MeasurementBatch
    /// The batch as it came.
    let json: ArraySlice<UInt8>
    let tenant: TenantID
    /// Whether an agent reports it that was to.
    let isVerified: Bool

    /// What a file of a tenant's has.
    ///
    /// Throws as `checked` does.
    init(
        importedBy tenant: TenantID,
        _ batch: MeasurementBatch,
        limits: IngestLimits,
        now: Timestamp
    ) throws(RPCError) {
        try batch.validate(limits, now: now)
        self.init(batch, json: batch.json[...], of: tenant, isVerified: false)
    }

    /// What an agent measured for a tenant.
    init(_ batch: MeasurementBatch, json: ArraySlice<UInt8>, of tenant: TenantID, isVerified: Bool = true) {
        self.batch = batch
        self.json = json
        self.tenant = tenant
        self.isVerified = isVerified
    }

    /// The same without rows of targets that are no more.
    func without(_ isForgotten: (TenantTarget) -> Bool) -> IncomingBatch {
        let isGone = batch.series.map { isForgotten(TenantTarget(tenant: tenant, target: $0.targetID)) }
        guard isGone.contains(true) else { return self }
        let left = batch.only(isGone.map(!))
        return IncomingBatch(left, json: left.json[...], of: tenant, isVerified: isVerified)
    }

    /// The key of each series that rows are of; `nil` for others.
    var keys: [SeriesKey?] {
        var isUsed = [Bool](repeating: false, count: batch.series.count)
        for index in batch.columns.series { isUsed[index] = true }
        return zip(isUsed, batch.series).map { isUsed, series in
            guard isUsed else { return nil }
            return SeriesKey(tenant: tenant, agentID: batch.agentID, origin: batch.origin, series: series)
        }
    }
}

extension IngestLimits {
    /// 2000-01-01: no agent's clock is right and shows less.
    static let earliest: Int64 = 946_684_800_000_000

    static func fault(ofLatency latency: Double) -> String? {
        latency >= 0 && latency.isFinite ? nil : "has a latency of \(latency) ms, which must be 0 or more"
    }

    func fault(ofMetadata bytes: Int) -> String? {
        bytes <= metadataBytes ? nil : "has more than \(metadataBytes) bytes of metadata"
    }
}

extension MeasurementBatch {
    /// Reads a batch and checks it; one with a row that cannot be stored is refused as a whole.
    ///
    /// Throws `invalidParams`, with the row's index in `data.row`.
    static func checked(
        _ json: ArraySlice<UInt8>,
        limits: IngestLimits,
        now: Timestamp
    ) throws(RPCError) -> MeasurementBatch {
        let batch: MeasurementBatch = try readParams(json)
        try batch.validate(limits, now: now)
        return batch
    }

    fileprivate func validate(_ limits: IngestLimits, now: Timestamp) throws(RPCError) {
        guard (1...200).contains(origin.unicodeScalars.count) else {
            throw RPCError(.invalidParams, "origin must have 1 to 200 characters", data: ["field": "origin"])
        }
        guard series.allSatisfy({ (1...200).contains($0.target.unicodeScalars.count) }) else {
            throw RPCError(.invalidParams, "a target's name must have 1 to 200 characters", data: ["field": "series"])
        }
        guard series.allSatisfy({ $0.endpoint.unicodeScalars.count <= 64 }) else {
            throw RPCError(.invalidParams, "an endpoint must have at most 64 characters", data: ["field": "series"])
        }
        let times = IngestLimits.earliest...now.advanced(by: limits.clockAhead).microseconds
        if let row = columns.timestamp.firstIndex(where: { !times.contains($0) }) {
            throw invalid(row, "has a time before 2000 or more than \(limits.clockAhead) ahead of this clock")
        }
        for (row, latency) in columns.latency.enumerated() where !latency.isNaN {
            if let fault = IngestLimits.fault(ofLatency: latency) { throw invalid(row, fault) }
        }
        var start = 0
        for (row, end) in columns.metadataEnd.enumerated() {
            if let fault = limits.fault(ofMetadata: end - start) { throw invalid(row, fault) }
            start = end
        }
    }

    private func invalid(_ row: Int, _ fault: String) -> RPCError {
        RPCError(.invalidParams, "row \(row) \(fault)", data: ["row": .int(row)])
    }
}
