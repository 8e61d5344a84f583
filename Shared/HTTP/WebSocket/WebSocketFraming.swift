import CWslay

/// The frames of one WebSocket connection (RFC 6455): bytes in, messages out, and the other way round.
///
/// Owns libwslay's context. Pings are answered and closing is acknowledged by it.
@safe final class WebSocketFraming {
    private var context: OpaquePointer?
    private var input: [UInt8] = []
    private var inputStart = 0
    /// Bytes to be sent.
    private(set) var output: [UInt8] = []
    /// Messages that came whole, in order.
    private var messages: [WebSocketMessage] = []
    private(set) var pongCount = 0
    private var random = SystemRandomNumberGenerator()

    init(isServer: Bool, maximumMessage: Int) throws(HTTPError) {
        var callbacks = wslay_event_callbacks()
        unsafe callbacks.recv_callback = readInput
        unsafe callbacks.send_callback = writeOutput
        unsafe callbacks.genmask_callback = makeMask
        unsafe callbacks.on_msg_recv_callback = messageReceived
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        let create = unsafe isServer ? wslay_event_context_server_init : wslay_event_context_client_init
        guard unsafe create(&context, &callbacks, this) == 0 else {
            throw HTTPError(.library, "wslay made no context")
        }
        limitMessages(to: maximumMessage)
    }

    /// From the next frame on, a message may have so many bytes.
    func limitMessages(to count: Int) {
        unsafe wslay_event_config_set_max_recv_msg_length(context, UInt64(count))
    }

    deinit {
        unsafe wslay_event_context_free(context)
    }

    /// Takes bytes; throws when the peer broke the protocol beyond an orderly close.
    func receive(_ bytes: [UInt8]) throws(HTTPError) {
        input.append(contentsOf: bytes)
        let result = unsafe wslay_event_recv(context)
        input.removeFirst(inputStart)
        inputStart = 0
        // What broke the protocol is told to the peer too.
        try pump()
        guard result == 0 else { throw HTTPError(.protocolViolation, "wslay_event_recv returned \(result)") }
    }

    func nextMessage() -> WebSocketMessage? {
        messages.isEmpty ? nil : messages.removeFirst()
    }

    func queue(_ message: WebSocketMessage) throws(HTTPError) {
        let opcode = message.isText ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME
        try queue(opcode.rawValue, message.bytes)
    }

    func queuePing() throws(HTTPError) {
        try queue(WSLAY_PING.rawValue, [])
    }

    func queueClose(_ code: UInt16, _ reason: String) throws(HTTPError) {
        let reason = Array(reason.utf8.prefix(123))
        _ = unsafe wslay_event_queue_close(context, code, reason, reason.count)
        try pump()
    }

    /// The bytes to be sent, which are handed over.
    func takeOutput() -> [UInt8] {
        let bytes = output
        output = []
        return bytes
    }

    /// Whether the peer has closed, or broken the protocol: nothing more will come.
    var isReadClosed: Bool { unsafe wslay_event_get_read_enabled(context) == 0 }

    private func queue(_ opcode: UInt32, _ bytes: [UInt8]) throws(HTTPError) {
        let result = unsafe bytes.withUnsafeBufferPointer { buffer in
            var message = unsafe wslay_event_msg(
                opcode: UInt8(opcode),
                msg: buffer.baseAddress,
                msg_length: buffer.count
            )
            return unsafe wslay_event_queue_msg(context, &message)
        }
        guard result == 0 else { throw HTTPError(.closing, "the WebSocket is closing") }
        try pump()
    }

    /// Lets libwslay write its frames to `output`.
    private func pump() throws(HTTPError) {
        guard unsafe wslay_event_want_write(context) != 0 else { return }
        guard unsafe wslay_event_send(context) == 0 else { throw HTTPError(.library, "wslay_event_send failed") }
    }

    // MARK: Called back

    fileprivate func read(_ buffer: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> Int {
        let count = min(capacity, input.count - inputStart)
        guard count > 0 else { return 0 }
        unsafe input.withUnsafeBufferPointer { input in
            guard let base = input.baseAddress else { return }
            unsafe buffer.update(from: base.advanced(by: inputStart), count: count)
        }
        inputStart += count
        return count
    }

    fileprivate func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe output.append(contentsOf: bytes)
    }

    fileprivate func mask(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
        for index in buffer.indices { unsafe buffer[index] = UInt8.random(in: 0...255, using: &random) }
    }

    fileprivate func received(_ opcode: UInt8, _ bytes: UnsafeBufferPointer<UInt8>) {
        switch UInt32(opcode) {
        case WSLAY_TEXT_FRAME.rawValue: unsafe messages.append(WebSocketMessage(text: Array(bytes)))
        case WSLAY_BINARY_FRAME.rawValue: unsafe messages.append(WebSocketMessage(binary: Array(bytes)))
        case WSLAY_PONG.rawValue: pongCount += 1
        default: break
        }
    }
}

/// One message, whole.
public struct WebSocketMessage: Sendable, Equatable {
    public var bytes: [UInt8]
    public var isText: Bool

    /// `text` must be UTF-8.
    public init(text: [UInt8]) {
        bytes = text
        isText = true
    }

    public init(binary: [UInt8]) {
        bytes = binary
        isText = false
    }
}

private func framing(_ data: UnsafeMutableRawPointer?) -> WebSocketFraming? {
    unsafe data.map { unsafe Unmanaged<WebSocketFraming>.fromOpaque($0).takeUnretainedValue() }
}

private let readInput: wslay_event_recv_callback = { context, buffer, capacity, _, data in
    guard let framing = unsafe framing(data), let buffer = unsafe buffer else { return -1 }
    let count = unsafe framing.read(buffer, capacity)
    guard count > 0 else {
        unsafe wslay_event_set_error(context, CInt(WSLAY_ERR_WOULDBLOCK.rawValue))
        return -1
    }
    return count
}

private let writeOutput: wslay_event_send_callback = { _, bytes, count, _, data in
    guard let framing = unsafe framing(data) else { return -1 }
    unsafe framing.write(UnsafeBufferPointer(start: bytes, count: count))
    return count
}

private let makeMask: wslay_event_genmask_callback = { _, buffer, count, data in
    guard let framing = unsafe framing(data) else { return -1 }
    unsafe framing.mask(UnsafeMutableBufferPointer(start: buffer, count: count))
    return 0
}

private let messageReceived: wslay_event_on_msg_recv_callback = { _, argument, data in
    guard let framing = unsafe framing(data), let message = unsafe argument?.pointee else { return }
    unsafe framing.received(message.opcode, UnsafeBufferPointer(start: message.msg, count: message.msg_length))
}
