import CNghttp2

extension HTTPFields {
    /// Hands the fields to a call of libnghttp2, which copies them.
    mutating func withNameValues<Result>(_ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        let count = count
        return unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: count) { fields in
            // libnghttp2 does not write through these pointers, though their type says that it may.
            unsafe storage.withUnsafeBufferPointer { storage in
                let base = unsafe UnsafeMutablePointer(mutating: storage.baseAddress)
                var next = 0
                var index = 0
                while let field = unsafe HTTPFields.field(in: storage, at: next) {
                    unsafe fields[index] = nghttp2_nv(
                        name: base?.advanced(by: field.name.lowerBound),
                        value: base?.advanced(by: field.value.lowerBound),
                        namelen: field.name.count,
                        valuelen: field.value.count,
                        flags: 0
                    )
                    next = field.value.upperBound
                    index += 1
                }
                return unsafe body(fields.baseAddress, index)
            }
        }
    }
}
