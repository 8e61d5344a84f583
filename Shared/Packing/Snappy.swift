import CSnappy

/// Compresses and reads single blocks of Snappy, without the framing that streams of it have.
///
/// Calls and what they return: `snappy_compress`, `snappy_uncompress` and `snappy_uncompressed_length` `SNAPPY_OK` or
/// another status, `snappy_max_compressed_length` a number of bytes.
public enum Snappy {
    /// One block that holds `bytes`.
    public static func block(_ bytes: [UInt8]) throws(PackingError) -> [UInt8] {
        var length = snappy_max_compressed_length(bytes.count)
        var status = SNAPPY_OK
        let block = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            status = unsafe bytes.withUnsafeBytes { source in
                unsafe snappy_compress(source.chars, source.count, UnsafeMutableRawBufferPointer(buffer).chars, &length)
            }
            count = status == SNAPPY_OK ? length : 0
        }
        guard status == SNAPPY_OK else { throw PackingError(.library, "Snappy: status \(status.rawValue)") }
        return block
    }

    /// What a block holds, which is at most `limit` bytes.
    public static func contents(of block: [UInt8], limit: Int) throws(PackingError) -> [UInt8] {
        var length = 0
        var status = unsafe block.withUnsafeBytes { source in
            unsafe snappy_uncompressed_length(source.chars, source.count, &length)
        }
        guard status == SNAPPY_OK, length <= limit else {
            throw PackingError(.malformed, "no block, or one that holds too much")
        }
        let contents = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            status = unsafe block.withUnsafeBytes { source in
                unsafe snappy_uncompress(
                    source.chars,
                    source.count,
                    UnsafeMutableRawBufferPointer(buffer).chars,
                    &length
                )
            }
            count = status == SNAPPY_OK ? length : 0
        }
        guard status == SNAPPY_OK else { throw PackingError(.malformed, "a damaged block") }
        return contents
    }
}

extension UnsafeRawBufferPointer {
    /// As the library wants bytes.
    fileprivate var chars: UnsafePointer<CChar>? {
        unsafe baseAddress?.assumingMemoryBound(to: CChar.self)
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate var chars: UnsafeMutablePointer<CChar>? {
        unsafe baseAddress?.assumingMemoryBound(to: CChar.self)
    }
}
