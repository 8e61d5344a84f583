import CNghttp2

extension HTTPFields {
    /// Hands the fields to a call of libnghttp2, which copies them.
    ///
    /// Those from `firstVarying` on are never put into the table that both sides keep of fields (RFC 7541, section
    /// 7.1.3).
    func withNameValues<Result>(
        varyingFrom firstVarying: Int,
        _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Result
    ) -> Result {
        unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: count) { list in
            unsafe fill(list, from: 0) { end in
                for index in min(firstVarying, end)..<end {
                    unsafe list[index].flags = UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue)
                }
                return unsafe body(list.baseAddress, end)
            }
        }
    }

    /// The same behind a status and in front of a length, which need no memory of their own.
    func withNameValues<Result>(
        status: Int,
        contentLength: Int?,
        _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Result
    ) -> Result {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 40) { digits in
            unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: count + 2) { list in
                let status = unsafe UnsafeMutableBufferPointer(rebasing: digits[..<20]).write(decimal: status)
                unsafe list[0] = unsafe nghttp2_nv(":status", status)
                return unsafe fill(list, from: 1) { end in
                    guard let contentLength else { return unsafe body(list.baseAddress, end) }
                    let rest = unsafe UnsafeMutableBufferPointer(rebasing: digits[20...])
                    unsafe list[end] = unsafe nghttp2_nv("content-length", rest.write(decimal: contentLength))
                    return unsafe body(list.baseAddress, end + 1)
                }
            }
        }
    }

    /// Points the places of `list` from `start` on at the fields; they hold while `body` runs.
    private func fill<Result>(
        _ list: UnsafeMutableBufferPointer<nghttp2_nv>,
        from start: Int,
        _ body: (Int) -> Result
    ) -> Result {
        unsafe storage.withUnsafeBufferPointer { storage in
            // libnghttp2 does not write through these pointers, though their type says that it may.
            let base = unsafe UnsafeMutablePointer(mutating: storage.baseAddress)
            var next = 0
            var index = start
            while let field = unsafe HTTPFields.field(in: storage, at: next) {
                unsafe list[index] = nghttp2_nv(
                    name: base?.advanced(by: field.name.lowerBound),
                    value: base?.advanced(by: field.value.lowerBound),
                    namelen: field.name.count,
                    valuelen: field.value.count,
                    flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
                )
                next = field.value.upperBound
                index += 1
            }
            return body(index)
        }
    }
}

extension nghttp2_nv {
    /// A field whose name lives as long as the program.
    fileprivate init(_ name: StaticString, _ value: UnsafeBufferPointer<UInt8>) {
        unsafe self.init(
            name: UnsafeMutablePointer(mutating: name.utf8Start),
            value: UnsafeMutablePointer(mutating: value.baseAddress),
            namelen: name.utf8CodeUnitCount,
            valuelen: value.count,
            flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
        )
    }
}
