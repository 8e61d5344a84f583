package import Contracts

/// A batch on its way to the store.
package struct SpooledBatch: Sendable {
    package var batch: MeasurementBatch
    /// Where it is on disk; `nil` when it is in memory alone.
    package var rows: Range<Int>?
}

extension MeasurementBatch {
    /// What is gone when this batch is; `nil` for an empty one.
    var asLost: LostRows? {
        guard let from = columns.timestamp.min(), let to = columns.timestamp.max() else { return nil }
        return LostRows(
            rows: count,
            from: Timestamp(microseconds: from),
            to: Timestamp(microseconds: to)
        )
    }
}
