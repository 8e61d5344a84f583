import Contracts
import EventLoop
import Glibc
import Observability

extension Spool {
    /// What a lane is to send next, if there is anything.
    func read(_ lane: Lane) -> SpooledBatch? {
        while let segments, let range = lanes?.next(lane, head: segments.head, now: .now) {
            do {
                let reading = try segments.read(range, by: lane, maximumRows: settings.batchRows)
                lanes?.take(reading.rows, lane, head: segments.head, now: .now)
                for lost in reading.lost { lose(lost, .corrupt) }
                // The note has trouble of its own, which says nothing of what was read.
                for rows in reading.batch == nil ? [reading.rows] : reading.missing {
                    attempt { try segments.acknowledge(rows) }
                }
                if let batch = reading.batch {
                    taken.append(reading.rows)
                    publish(quietly: true)
                    return SpooledBatch(batch: batch, rows: reading.rows)
                }
                publish()
            } catch {
                segments.readers[lane] = nil
                guard giveUp(range, lane, error) else { return nil }
            }
        }
        return lane == .live && failure != nil ? readMemory() : nil
    }

    /// While the disk fails, what is in memory goes to the store without it.
    private func readMemory() -> SpooledBatch? {
        let taken = intake.take(bytes: 1 << 20)
        var merger = BatchMerger(maximumRows: settings.batchRows)
        let count = taken.prefix { merger.take($0) }.count
        if count < taken.count { intake.restore(Array(taken[count...])) }
        guard let batch = merger.batch else { return nil }
        takenFromMemory += batch.count
        publish(quietly: true)
        return SpooledBatch(batch: batch, rows: nil)
    }

    /// Lets a segment go that will not become readable; `false` for trouble that may pass.
    ///
    /// The lane goes on behind it in any case, even when the file can be neither written off nor removed.
    private func giveUp(_ range: Range<Int>, _ lane: Lane, _ error: SystemError) -> Bool {
        log.error("cannot read the spool", ["error": "\(error)"])
        guard [EIO, ENOENT, ENOTDIR, EISDIR].contains(error.code), let segments,
            let segment = segments.segments.first(where: { $0.end > range.lowerBound && !$0.rows.isEmpty })
        else { return false }
        if let lost = segments.contents(of: segment) { lose(lost, .corrupt) }
        segments.finish(segment)
        lanes?.take(range.lowerBound..<segment.end, lane, head: segments.head, now: .now)
        attempt { try segments.acknowledge(segment.rows) }
        publish()
        return true
    }
}
