import CZstd

/// Compresses and reads frames of Zstandard (RFC 8878) with a checksum of what is in them.
///
/// Keeps the library's memory from one frame to the next; to be used by one thread at a time.
///
/// Calls and what they return: `ZSTD_create…Ctx` a context or null, `ZSTD_compress2` and `ZSTD_decompressDCtx` a number
/// of bytes or a code for `ZSTD_isError`, `ZSTD_getFrameContentSize` a number or one of two near the largest.
@safe public final class Zstandard {
    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer

    /// Throws `.library` when there is no memory.
    public init(level: Int = 1) throws(PackingError) {
        guard let compressor = unsafe ZSTD_createCCtx() else { throw Self.noMemory }
        guard let decompressor = unsafe ZSTD_createDCtx() else {
            unsafe ZSTD_freeCCtx(compressor)
            throw Self.noMemory
        }
        unsafe self.compressor = compressor
        unsafe self.decompressor = decompressor
        unsafe ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, CInt(level))
        unsafe ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 1)
    }

    deinit {
        unsafe ZSTD_freeCCtx(compressor)
        unsafe ZSTD_freeDCtx(decompressor)
    }

    /// One frame that holds `bytes`.
    public func frame(_ bytes: [UInt8]) throws(PackingError) -> [UInt8] {
        var result = 0
        let frame = unsafe [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { buffer, count in
            result = unsafe bytes.withUnsafeBytes { source in
                unsafe ZSTD_compress2(compressor, buffer.baseAddress, buffer.count, source.baseAddress, source.count)
            }
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else { throw Self.failure(.library, result) }
        return frame
    }

    /// What a frame holds, which is at most `limit` bytes.
    public func contents(of frame: some Collection<UInt8>, limit: Int) throws(PackingError) -> [UInt8] {
        var result = 0
        var size: UInt64 = 0
        let contents: [UInt8]? = frame.withContiguousStorageIfAvailable { source in
            size = unsafe ZSTD_getFrameContentSize(source.baseAddress, source.count)
            // Both codes for a size that is not known are greater than any limit.
            guard size <= UInt64(limit) else { return [] }
            return unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
                result = unsafe ZSTD_decompressDCtx(
                    decompressor,
                    buffer.baseAddress,
                    buffer.count,
                    source.baseAddress,
                    source.count
                )
                count = ZSTD_isError(result) == 0 ? result : 0
            }
        }
        guard let contents else { return try self.contents(of: Array(frame), limit: limit) }
        guard size <= UInt64(limit) else { throw PackingError(.malformed, "no frame, or one that holds too much") }
        guard ZSTD_isError(result) == 0 else { throw Self.failure(.malformed, result) }
        return contents
    }

    private static let noMemory = PackingError(.library, "no memory for compression")

    private static func failure(_ code: PackingError.Code, _ result: Int) -> PackingError {
        PackingError(code, "Zstandard: \(unsafe String(cString: ZSTD_getErrorName(result)))")
    }
}
