import CZstd
import Synchronization

/// Compresses and reads frames of Zstandard (RFC 8878) with a checksum of what is in them.
///
/// The process keeps the library's contexts from one frame to the next, as many as were ever at work together.
///
/// Calls and what they return: `ZSTD_create…Ctx` a context or null, `ZSTD_compress2` and `ZSTD_decompressDCtx` a number
/// of bytes or a code for `ZSTD_isError`, `ZSTD_getFrameContentSize` a number or one of two near the largest.
public struct Zstandard: Sendable {
    private static let compressors = Pool<Compressor>()
    private static let decompressors = Pool<Decompressor>()

    private let level: Int

    public init(level: Int = 1) {
        self.level = level
    }

    /// One frame that holds `bytes`; throws `.library` when there is no memory.
    public func frame(_ bytes: [UInt8]) throws(PackingError) -> [UInt8] {
        let compressor = try Self.compressors.take()
        defer { Self.compressors.give(compressor) }
        unsafe ZSTD_CCtx_setParameter(compressor.context, ZSTD_c_compressionLevel, CInt(level))
        var result = 0
        let frame = unsafe [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { buffer, count in
            result = unsafe bytes.withUnsafeBytes { source in
                unsafe ZSTD_compress2(
                    compressor.context,
                    buffer.baseAddress,
                    buffer.count,
                    source.baseAddress,
                    source.count
                )
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
        let decompressor = try Self.decompressors.take()
        defer { Self.decompressors.give(decompressor) }
        var result = 0
        var size: UInt64 = 0
        let contents: [UInt8]? = frame.withContiguousStorageIfAvailable { source in
            size = unsafe ZSTD_getFrameContentSize(source.baseAddress, source.count)
            // Both codes for a size that is not known are greater than any limit.
            guard size <= UInt64(limit) else { return [] }
            return unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
                result = unsafe ZSTD_decompressDCtx(
                    decompressor.context,
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

    private static func failure(_ code: PackingError.Code, _ result: Int) -> PackingError {
        PackingError(code, "Zstandard: \(unsafe String(cString: ZSTD_getErrorName(result)))")
    }
}

/// A context of the library; to be used by one thread at a time.
private protocol Context: Sendable {
    init() throws(PackingError)
}

/// Contexts between two uses.
private final class Pool<Element: Context>: Sendable {
    private let idle = Mutex<[Element]>([])

    func take() throws(PackingError) -> Element {
        if let element = idle.withLock({ $0.popLast() }) { return element }
        return try Element()
    }

    func give(_ element: Element) {
        idle.withLock { $0.append(element) }
    }
}

/// Unchecked because the pointer hides that a context may go from one thread to another.
@safe private final class Compressor: Context, @unchecked Sendable {
    let context: OpaquePointer

    init() throws(PackingError) {
        guard let context = unsafe ZSTD_createCCtx() else { throw .noMemory }
        unsafe self.context = context
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { unsafe ZSTD_freeCCtx(context) }
}

/// Unchecked as `Compressor` is.
@safe private final class Decompressor: Context, @unchecked Sendable {
    let context: OpaquePointer

    init() throws(PackingError) {
        guard let context = unsafe ZSTD_createDCtx() else { throw .noMemory }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeDCtx(context) }
}

extension PackingError {
    fileprivate static let noMemory = PackingError(.library, "no memory for compression")
}
