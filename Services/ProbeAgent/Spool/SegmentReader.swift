import EventLoop
import Glibc

/// Reads the records of one segment in order, and finds the next one behind whatever is damaged.
final class SegmentReader {
    private static let chunkBytes = 256 << 10

    let name: SegmentName
    private let file: DiskFile
    /// What is read of the file and not consumed; `offset` is where in the file it begins.
    private var buffer: ArraySlice<UInt8> = []
    private var offset = 0

    init(_ name: SegmentName, in folder: AgentFolder) throws(SystemError) {
        self.name = name
        file = try folder.open(name.text, O_RDONLY)
    }

    /// The next record, which stays the next one until `advance`; `nil` at the end of what is written.
    func peek() throws(SystemError) -> (frame: SpoolFrame, payload: ArraySlice<UInt8>)? {
        while true {
            switch SpoolFrame.read(buffer, marker: name.marker) {
            case .frame(let frame):
                return (frame, buffer.dropFirst(SpoolFrame.headerBytes).prefix(frame.payloadBytes))
            case .incomplete(let bytes):
                if try fill(bytes) { continue }
                if buffer.isEmpty { return nil }
                try resynchronize()
            case .damaged:
                try resynchronize()
            }
        }
    }

    /// Goes on behind the record that `peek` returned.
    func advance(_ frame: SpoolFrame) {
        consume(frame.bytes)
    }

    private func consume(_ count: Int) {
        buffer = buffer.dropFirst(count)
        offset += count
    }

    /// Drops bytes up to the next one that a marker may begin with.
    private func resynchronize() throws(SystemError) {
        let first = UInt8(truncatingIfNeeded: name.marker)
        consume(1)
        while true {
            if let index = buffer.firstIndex(of: first) { return consume(index - buffer.startIndex) }
            consume(buffer.count)
            guard try fill(1) else { return }
        }
    }

    /// Reads on until there are so many bytes; `false` when the file ends before that.
    private func fill(_ count: Int) throws(SystemError) -> Bool {
        while buffer.count < count {
            let more = try file.read(max(Self.chunkBytes, count - buffer.count), at: offset + buffer.count)
            if more.isEmpty { return false }
            buffer = ArraySlice(buffer + more)
        }
        return true
    }
}
