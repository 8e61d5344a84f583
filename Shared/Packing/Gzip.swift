import CZlib

/// Compresses bytes as one member of gzip (RFC 1952), for readers that know nothing newer.
///
/// Calls and what they return: `deflateInit2_`, `deflate` and `deflateEnd` a code, of which `Z_OK` and, at the end,
/// `Z_STREAM_END` are success.
public enum Gzip {
    /// 15 bits of window, and 16 for gzip's head and checksum.
    private static let windowBits: CInt = 15 + 16
    private static let memoryLevel: CInt = 8

    /// `level` from 1, fastest, to 9.
    public static func member(_ bytes: [UInt8], level: CInt = 2) throws(PackingError) -> [UInt8] {
        var stream = unsafe z_stream()
        let size = unsafe CInt(MemoryLayout<z_stream>.size)
        let isReady = unsafe deflateInit2_(
            &stream,
            level,
            Z_DEFLATED,
            windowBits,
            memoryLevel,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            size
        )
        guard isReady == Z_OK else { throw PackingError(.library, "no memory for compression") }
        defer { unsafe deflateEnd(&stream) }
        var result = Z_OK
        let bound = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
        let member = unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = buffer.baseAddress
                unsafe stream.avail_out = UInt32(buffer.count)
                result = unsafe deflate(&stream, Z_FINISH)
            }
            count = unsafe buffer.count - Int(stream.avail_out)
        }
        guard result == Z_STREAM_END else { throw PackingError(.library, "zlib cannot compress: \(result)") }
        return member
    }
}
