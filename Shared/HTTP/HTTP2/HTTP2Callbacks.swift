import CNghttp2

/// The functions that libnghttp2 calls, for all sessions of one side.
///
/// Made once, never freed and only read, so it may be shared.
@safe struct HTTP2Callbacks: @unchecked Sendable {
    let pointer: OpaquePointer

    static let server = Self()
    static let client = Self()

    private init() {
        var callbacks: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks = unsafe callbacks else {
            preconditionFailure("there is no memory to start with")
        }
        unsafe pointer = callbacks
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onBeginFrame)
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose)
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, onInvalidFrame)
    }

    /// Copies a stream's bytes into a DATA frame.
    static let read: nghttp2_data_source_read_callback = { _, _, buffer, capacity, flags, source, _ in
        guard let pointer = unsafe source?.pointee.ptr, let buffer = unsafe buffer else {
            return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        let stream = unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
        let count = min(capacity, stream.output.count - stream.sent)
        guard count > 0 || stream.isOutputFinished else { return Int(NGHTTP2_ERR_DEFERRED.rawValue) }
        unsafe stream.output.withUnsafeBufferPointer { output in
            guard let base = output.baseAddress else { return }
            unsafe buffer.update(from: base.advanced(by: stream.sent), count: count)
        }
        stream.sent += count
        if stream.isOutputFinished, stream.sent == stream.output.count {
            unsafe flags?.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
        }
        stream.didSend()
        return count
    }
}

private func session(_ data: UnsafeMutableRawPointer?) -> HTTP2Session? {
    unsafe data.map { unsafe Unmanaged<HTTP2Session>.fromOpaque($0).takeUnretainedValue() }
}

private let onBeginFrame: nghttp2_on_begin_frame_callback = { _, header, data in
    guard let header = unsafe header?.pointee, let session = unsafe session(data) else { return 0 }
    switch UInt32(header.type) {
    case NGHTTP2_PING.rawValue, NGHTTP2_SETTINGS.rawValue:
        if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { session.countControlFrame() }
    case NGHTTP2_PRIORITY.rawValue, 10...:
        session.countControlFrame()
    case NGHTTP2_DATA.rawValue
    where header.length == 0 && header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0:
        session.countControlFrame()
    default:
        break
    }
    return session.isAbused ? NGHTTP2_ERR_CALLBACK_FAILURE.rawValue : 0
}

private let onBeginHeaders: nghttp2_on_begin_headers_callback = { _, frame, data in
    guard let frame = unsafe frame?.pointee, let session = unsafe session(data) else { return 0 }
    session.beginHead()
    if unsafe frame.headers.cat == NGHTTP2_HCAT_REQUEST { unsafe session.beginStream(frame.hd.stream_id) }
    return 0
}

private let onHeader: nghttp2_on_header_callback = { _, _, name, nameCount, value, valueCount, _, data in
    guard let data = unsafe data else { return 0 }
    let name = unsafe UnsafeBufferPointer(start: name, count: nameCount)
    let value = unsafe UnsafeBufferPointer(start: value, count: valueCount)
    unsafe Unmanaged<HTTP2Session>.fromOpaque(data)._withUnsafeGuaranteedRef { unsafe $0.addField(name, value) }
    return 0
}

private let onFrame: nghttp2_on_frame_recv_callback = { _, frame, data in
    guard let frame = unsafe frame?.pointee, let session = unsafe session(data) else { return 0 }
    let header = unsafe frame.hd
    let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    switch UInt32(header.type) {
    case NGHTTP2_HEADERS.rawValue, NGHTTP2_DATA.rawValue:
        guard let stream = session.stream(header.stream_id) else { return 0 }
        if UInt32(header.type) == NGHTTP2_HEADERS.rawValue { session.endHead(of: stream) }
        if ends, !stream.isEndReceived {
            stream.isEndReceived = true
            session.role?.endReceived(stream)
        }
    case NGHTTP2_RST_STREAM.rawValue:
        session.countReset()
    case NGHTTP2_GOAWAY.rawValue:
        session.role?.goAwayReceived()
    case NGHTTP2_PING.rawValue where header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0:
        session.role?.pingAcknowledged()
    case NGHTTP2_SETTINGS.rawValue:
        session.role?.settingsReceived()
    default:
        break
    }
    return session.isAbused ? NGHTTP2_ERR_CALLBACK_FAILURE.rawValue : 0
}

private let onData: nghttp2_on_data_chunk_recv_callback = { _, _, id, bytes, count, data in
    guard let session = unsafe session(data) else { return 0 }
    guard let stream = session.stream(id) else {
        session.ignore(count)
        return 0
    }
    session.hold(count, for: stream)
    session.role?.dataReceived(stream, unsafe UnsafeBufferPointer(start: bytes, count: count).span)
    return 0
}

private let onStreamClose: nghttp2_on_stream_close_callback = { _, id, code, data in
    unsafe session(data)?.streamClosed(id, code: code)
    return 0
}

private let onFrameSent: nghttp2_on_frame_send_callback = { _, frame, data in
    if let type = unsafe frame?.pointee.hd.type, UInt32(type) == NGHTTP2_RST_STREAM.rawValue {
        unsafe session(data)?.countReset()
    }
    return 0
}

private let onInvalidFrame: nghttp2_on_invalid_frame_recv_callback = { _, _, _, data in
    unsafe session(data)?.countControlFrame()
    return 0
}
