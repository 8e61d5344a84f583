import CNghttp2

/// The fields of one head, ready for libnghttp2: names and values in one block of memory.
struct HTTP2HeaderBlock {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    mutating func append(_ name: StaticString, _ value: StaticString) {
        name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
        value.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
    }

    mutating func append(_ name: StaticString, _ value: some Collection<UInt8>) {
        name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
        bytes.append(contentsOf: value)
        ends.append(bytes.count)
    }

    mutating func append(_ fields: HTTPFields) {
        let storage = fields.storage
        fields.forEachEntry { start, nameEnd, valueEnd in
            bytes.append(contentsOf: storage[start..<nameEnd])
            ends.append(bytes.count)
            bytes.append(contentsOf: storage[nameEnd..<valueEnd])
            ends.append(bytes.count)
        }
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Hands the fields to a call of libnghttp2, which copies them.
    mutating func withNameValues<Result>(_ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        let count = ends.count / 2
        return unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: count) { fields in
                var start = 0
                for index in 0..<count {
                    let nameEnd = ends[2 * index]
                    let valueEnd = ends[2 * index + 1]
                    unsafe fields[index] = nghttp2_nv(
                        name: bytes.baseAddress?.advanced(by: start),
                        value: bytes.baseAddress?.advanced(by: nameEnd),
                        namelen: nameEnd - start,
                        valuelen: valueEnd - nameEnd,
                        flags: 0
                    )
                    start = valueEnd
                }
                return unsafe body(fields.baseAddress, count)
            }
        }
    }
}
