import Contracts
import Database
import Packing

extension DatabaseConnection {
    /// Hands each hour or day of a span to `body`, by the time it begins at and in that order.
    func rollups(
        _ step: RollupStep,
        of series: Int,
        from: Int64,
        to: Int64,
        withSketch: Bool,
        _ body: (_ start: Int64, Rollup) throws -> Void
    ) throws {
        try query(
            """
            SELECT start, rollup FROM rollup WHERE step = \(step.rawValue) AND series = \(series)
                AND start >= \(from) AND start < \(to) ORDER BY start
            """
        ) { row in try body(try row.integer(0), try Rollup(stored: try row.blob(1), withSketch: withSketch)) }
    }
}

extension SQL {
    /// The roll-up of the hour or day with this number.
    static func rollup(_ step: RollupStep, of series: Int, at index: Int64) -> SQL {
        """
        SELECT rollup FROM rollup WHERE step = \(step.rawValue) AND series = \(series)
            AND start = \(step.start(of: index))
        """
    }

    static func save(_ rollup: Rollup, _ step: RollupStep, of series: Int, at index: Int64, tenant: TenantID) -> SQL {
        var writer = PackedWriter()
        rollup.pack(into: &writer)
        return """
            INSERT INTO rollup (step, series, start, tenant, rollup)
            VALUES (\(step.rawValue), \(series), \(step.start(of: index)), \(tenant.rawValue), \(writer.bytes))
            ON CONFLICT (step, series, start) DO UPDATE SET rollup = excluded.rollup
            """
    }
}

extension Rollup {
    /// Throws `.corrupt` for what is none.
    init(stored bytes: [UInt8], withSketch: Bool = true) throws {
        do {
            var reader = PackedReader(bytes)
            try self.init(packed: &reader, withSketch: withSketch)
            guard reader.isAtEnd || !withSketch else { throw PackingError(.malformed, "bytes behind the roll-up") }
        } catch {
            throw DatabaseError(.corrupt, "a roll-up cannot be read", cause: error)
        }
    }
}
