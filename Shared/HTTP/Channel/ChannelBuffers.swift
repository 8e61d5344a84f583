import TLS

/// Memory that the connections of one loop share: each uses it only within a callback.
@safe final class ChannelBuffers {
    /// What `recv` writes into.
    let received = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 65_536)
    /// Frames gathered into one TLS record.
    let gathered = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 16_384)
    let plaintext = TLSScratch()
    private var spares: [[UInt8]] = []

    deinit {
        unsafe received.deallocate()
        unsafe gathered.deallocate()
    }

    /// An empty array that has room.
    func takeSpare() -> [UInt8] {
        spares.popLast() ?? []
    }

    /// Keeps an array for the next connection that has something to send.
    func giveBack(_ array: inout [UInt8]) {
        let isKept = spares.count < 32 && array.capacity >= 4_096 && array.capacity <= 1 << 20
        guard isKept else {
            array = []
            return
        }
        array.removeAll(keepingCapacity: true)
        spares.append(array)
        array = []
    }
}
