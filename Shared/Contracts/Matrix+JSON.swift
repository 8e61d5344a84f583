public import JSON

extension Matrix {
    /// By hand, since a matrix of a thousand targets is a hundred thousand numbers.
    public func writePayload(to writer: inout JSONWriter) throws {
        writer.beginObject()
        writer.key("from")
        writer.string(from.description)
        writer.key("to")
        writer.string(to.description)
        writer.key("step_ms")
        writer.int(stepMilliseconds)
        writer.key("targets")
        writer.beginArray()
        for row in targets { row.write(to: &writer) }
        writer.endArray()
        writer.endObject()
    }
}

extension Matrix.Row {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("target_id")
        writer.string(targetID.rawValue)
        writer.key("count")
        writer.ints(count)
        writer.key("failures")
        writer.ints(failures)
        writer.key("sent")
        writer.ints(sent)
        writer.key("received")
        writer.ints(received)
        writer.key("mean_ms")
        Self.write(mean, to: &writer)
        writer.key("max_ms")
        Self.write(maximum, to: &writer)
        writer.endObject()
    }

    private static func write(_ values: [Double?], to writer: inout JSONWriter) {
        writer.beginArray()
        for value in values {
            if let value { writer.double(value) } else { writer.null() }
        }
        writer.endArray()
    }
}
