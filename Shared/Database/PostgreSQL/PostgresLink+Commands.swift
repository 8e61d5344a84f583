import CPostgres

/// One message or two to the server, of which many go out together.
enum PostgresCommand {
    /// Text without values that is used once, or seldom.
    case run(String)
    case prepare(name: String, text: String, PostgresParameters)
    case execute(name: String, PostgresParameters)
}

extension PostgresLink {
    /// Runs commands in one round trip and returns the result of each; the first that fails ends the others.
    func run(_ commands: [PostgresCommand]) throws(DatabaseError) -> [PostgresResult] {
        completed = 0
        for command in commands { try send(command) }
        unsafe try check(PQpipelineSync(handle))
        try flush()
        var results: [PostgresResult] = []
        var failure: DatabaseError?
        for _ in commands {
            while let result = try nextResult() {
                if failure == nil { failure = result.error }
                results.append(result)
            }
            if failure == nil { completed += 1 }
        }
        guard let end = try nextResult(), end.isPipelineEnd else {
            giveUp()
            throw DatabaseError(.unavailable, "the database's answers are out of step")
        }
        if let failure { throw failure }
        return results
    }

    /// Runs text of one statement or several outside of the pipeline, as `COPY` asks for; the last result is returned.
    func runSimply(_ text: String) throws(DatabaseError) -> PostgresResult? {
        unsafe try check(PQexitPipelineMode(handle))
        unsafe try check(PQsendQuery(handle, text))
        try flush()
        return try lastResult()
    }

    /// Ends what `runSimply` began.
    func resumePipeline() throws(DatabaseError) {
        while try nextResult() != nil {}
        unsafe try check(PQenterPipelineMode(handle))
    }

    /// The last of the results that wait, or the one that asks for rows.
    func lastResult() throws(DatabaseError) -> PostgresResult? {
        var last: PostgresResult?
        while let result = try nextResult() {
            last = result
            if let error = result.error {
                try resumePipeline()
                throw error
            }
            if result.wantsRows { break }
        }
        return last
    }

    private func send(_ command: PostgresCommand) throws(DatabaseError) {
        switch command {
        case .run(let text):
            unsafe try check(PQsendQueryParams(handle, text, 0, nil, nil, nil, nil, 1))
        case .prepare(let name, let text, let parameters):
            unsafe try parameters.withTypes { types throws(DatabaseError) in
                unsafe try check(PQsendPrepare(handle, name, text, CInt(types.count), types.baseAddress))
            }
        case .execute(let name, let parameters):
            unsafe try parameters.withPointers { count, values, lengths, formats throws(DatabaseError) in
                unsafe try check(
                    PQsendQueryPrepared(handle, name, CInt(count), values, lengths, formats, 1)
                )
            }
        }
    }
}
