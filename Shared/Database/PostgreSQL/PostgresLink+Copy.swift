import CPostgres

extension PostgresLink {
    /// Bytes that are gathered before they are handed to libpq.
    static let copyChunk = 131_072

    /// Runs `texts`, of which the last is a `COPY … FROM STDIN`, sends what `fill` writes, and returns the server's count.
    ///
    /// `fill` is asked for row after row. What it throws ends the copy, and is thrown once the server has heard of that.
    func copy(_ texts: [String], _ encoder: CopyEncoder, rows: Int, _ fill: (Int) throws -> Void) throws -> Int {
        guard let ready = try runSimply(texts.joined(separator: "; ")), ready.wantsRows else {
            throw DatabaseError(.failed, "the database does not ask for rows")
        }
        do {
            var isWanted = true
            for row in 0..<rows where isWanted {
                try fill(row)
                guard encoder.bytes.count >= Self.copyChunk else { continue }
                if let stopReason { throw stopReason }
                isWanted = try send(encoder)
            }
            encoder.end()
            if isWanted { _ = try send(encoder) }
        } catch {
            if !isBroken { endCopy("given up") }
            throw error
        }
        // Refused when the server has ended the copy itself; then it says why.
        _ = unsafe PQputCopyEnd(handle, nil)
        try flush()
        let result = try lastResult()
        try resumePipeline()
        return result?.changes ?? 0
    }

    /// Whether the server still takes rows.
    private func send(_ encoder: CopyEncoder) throws(DatabaseError) -> Bool {
        let result = unsafe encoder.bytes.withUnsafeBytes { bytes in
            unsafe PQputCopyData(
                handle,
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(bytes.count)
            )
        }
        encoder.clear()
        guard result == 1 else { return false }
        try flush()
        return true
    }

    /// Has the server forget the rows; what it says to that is what it was told.
    private func endCopy(_ reason: String) {
        do {
            unsafe try check(PQputCopyEnd(handle, reason))
            try flush()
            try resumePipeline()
        } catch {
            giveUp()
        }
    }
}
