import CZstd
import Synchronization

/// Compresses and reads frames of Zstandard (RFC 8878) with a checksum of what is in them.
///
/// The process keeps some of the library's contexts from one frame to the next.
///
/// Calls and what they return: `ZSTD_create…Ctx` a context or null, `ZSTD_compress2` and `ZSTD_decompressDCtx` a number
/// of bytes or a code for `ZSTD_isError`, `ZSTD_getFrameContentSize` a number or one of two near the largest.
public struct Zstandard: Sendable {
    /// As many as usually work together.
    private static let places = (0..<4).map { _ in Place() }

    private let level: Int

    public init(level: Int = 1) {
        self.level = level
    }

    /// One frame that holds `bytes`; throws `.library` when there is no memory.
    public func frame(_ bytes: [UInt8]) throws(PackingError) -> [UInt8] {
        try Self.withContexts { contexts throws(PackingError) in try unsafe self.frame(bytes, contexts.compressor()) }
    }

    private func frame(_ bytes: [UInt8], _ compressor: OpaquePointer) throws(PackingError) -> [UInt8] {
        unsafe ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, CInt(level))
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
    ///
    /// Throws `.malformed` for what is no frame or holds more, and `.library` when there is no memory.
    public func contents(of frame: some Collection<UInt8>, limit: Int) throws(PackingError) -> [UInt8] {
        try Self.withContexts { contexts throws(PackingError) in
            try unsafe Self.contents(of: frame, contexts.decompressor(), limit: limit)
        }
    }

    private static func contents(
        of frame: some Collection<UInt8>,
        _ decompressor: OpaquePointer,
        limit: Int
    ) throws(PackingError) -> [UInt8] {
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
        guard let contents else { return try unsafe Self.contents(of: Array(frame), decompressor, limit: limit) }
        guard size <= UInt64(limit) else { throw PackingError(.malformed, "no frame, or one that holds too much") }
        guard ZSTD_isError(result) == 0 else { throw Self.failure(.malformed, result) }
        return contents
    }

    /// Hands out contexts that nobody else uses: kept ones, or new ones where all of those are in use.
    private static func withContexts(
        _ body: (inout Contexts) throws(PackingError) -> [UInt8]
    ) throws(PackingError) -> [UInt8] {
        for place in places {
            let bytes = try place.contexts.withLockIfAvailable { contexts throws(PackingError) in try body(&contexts) }
            if let bytes { return bytes }
        }
        var contexts = Contexts()
        return try body(&contexts)
    }

    private static func failure(_ code: PackingError.Code, _ result: Int) -> PackingError {
        PackingError(code, "Zstandard: \(unsafe String(cString: ZSTD_getErrorName(result)))")
    }
}

private final class Place: Sendable {
    let contexts = Mutex(Contexts())
}

/// What the library works with; each is made when it is needed.
@safe private struct Contexts: ~Copyable {
    private var made: (compressor: OpaquePointer?, decompressor: OpaquePointer?) = (nil, nil)

    deinit {
        unsafe ZSTD_freeCCtx(made.compressor)
        unsafe ZSTD_freeDCtx(made.decompressor)
    }

    mutating func compressor() throws(PackingError) -> OpaquePointer {
        if let compressor = unsafe made.compressor { return unsafe compressor }
        guard let compressor = unsafe ZSTD_createCCtx() else { throw Self.noMemory }
        unsafe ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 1)
        unsafe made.compressor = compressor
        return unsafe compressor
    }

    mutating func decompressor() throws(PackingError) -> OpaquePointer {
        if let decompressor = unsafe made.decompressor { return unsafe decompressor }
        guard let decompressor = unsafe ZSTD_createDCtx() else { throw Self.noMemory }
        unsafe made.decompressor = decompressor
        return unsafe decompressor
    }

    private static var noMemory: PackingError { PackingError(.library, "no memory for compression") }
}
