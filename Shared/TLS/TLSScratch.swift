/// Memory that all sessions of one loop decrypt into, one after another.
@safe public final class TLSScratch {
    let bytes: UnsafeMutableBufferPointer<UInt8>

    public init(byteCount: Int = 65_536) {
        unsafe bytes = UnsafeMutableBufferPointer.allocate(capacity: byteCount)
    }

    deinit {
        unsafe bytes.deallocate()
    }
}
