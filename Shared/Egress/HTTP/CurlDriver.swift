import CCurl
import EventLoop
import Glibc

/// libcurl's multi handle, driven by a loop: its sockets are the loop's, its timer one of the loop's timers.
///
/// libcurl calls back with an unretained pointer to this object, for as long as the object lives.
final class CurlDriver: TimerHandler {
    private let loop: EventLoop
    private let multi: CurlMulti
    private var transfers: [CurlEasy.ID: CurlTransfer] = [:]
    private var sockets: [CInt: CurlSocket] = [:]
    private var timer: TimerToken?
    private var isActionDue = false

    init(on loop: EventLoop) throws(EgressError) {
        self.loop = loop
        multi = try CurlMulti()
        try unsafe multi.setCallbacks(socketChanged, timerChanged, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        multi.silence()
        for transfer in transfers.values { multi.remove(transfer.easy) }
        for fd in sockets.keys { loop.unregister(fd) }
    }

    var count: Int { transfers.count }

    func add(_ transfer: CurlTransfer) throws(EgressError) {
        transfers[transfer.easy.id] = transfer
        do {
            try multi.add(transfer.easy)
        } catch {
            transfers[transfer.easy.id] = nil
            throw error
        }
    }

    /// Does nothing when the transfer is over.
    func cancel(_ transfer: CurlTransfer) {
        guard let transfer = transfers.removeValue(forKey: transfer.easy.id) else { return }
        multi.remove(transfer.easy)
        transfer.done(.failure(EgressError(.cancelled, "the request was cancelled")))
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        act(CURL_SOCKET_TIMEOUT, 0)
    }

    fileprivate func act(_ fd: curl_socket_t, _ events: CInt) {
        multi.act(fd, events)
        while let (id, code) = multi.nextDone() {
            guard let transfer = transfers.removeValue(forKey: id) else { continue }
            transfer.finish(code)
            multi.remove(transfer.easy)
        }
    }

    fileprivate func watch(_ fd: CInt, _ interest: Readiness?) {
        guard let interest else {
            loop.unregister(fd)
            sockets[fd] = nil
            return
        }
        do {
            if sockets[fd] != nil {
                try loop.modify(fd, for: interest)
            } else {
                let socket = CurlSocket(fd, of: self)
                try loop.register(fd, for: interest, socket)
                sockets[fd] = socket
            }
        } catch {
            // The transfer that waits for this socket will time out.
            sockets[fd] = nil
        }
    }

    /// libcurl may not be entered from within its callbacks.
    fileprivate func setTimer(_ milliseconds: Int) {
        if let timer { loop.disarm(timer) }
        timer = nil
        if milliseconds > 0 {
            timer = loop.arm(self, afterNanoseconds: UInt64(milliseconds) * 1_000_000)
        } else if milliseconds == 0, !isActionDue {
            isActionDue = true
            loop.atTurnEnd { [weak self] in
                guard let self else { return }
                isActionDue = false
                act(CURL_SOCKET_TIMEOUT, 0)
            }
        }
    }
}

private final class CurlSocket: ReadinessHandler {
    private let fd: CInt
    private unowned let driver: CurlDriver

    init(_ fd: CInt, of driver: CurlDriver) {
        self.fd = fd
        self.driver = driver
    }

    func ready(_ readiness: Readiness) {
        var events: CInt = 0
        if readiness.contains(.read) { events |= CURL_CSELECT_IN }
        if readiness.contains(.write) { events |= CURL_CSELECT_OUT }
        if !readiness.isDisjoint(with: [.error, .hangUp]) { events |= CURL_CSELECT_ERR }
        let driver = driver
        driver.act(fd, events)
    }
}

/// The multi handle itself.
@safe private struct CurlMulti: ~Copyable {
    private static let cachedConnections = 32
    private let handle: UnsafeMutableRawPointer

    init() throws(EgressError) {
        _ = curlLibrary
        guard let handle = unsafe curl_multi_init() else { throw EgressError(.local, "libcurl made no multi handle") }
        unsafe self.handle = handle
    }

    deinit {
        _ = unsafe curl_multi_cleanup(handle)
    }

    func setCallbacks(
        _ socket: curl_socket_callback,
        _ timer: curl_multi_timer_callback,
        _ context: UnsafeMutableRawPointer
    ) throws(EgressError) {
        try check(unsafe curl_multi_set_socket_function(handle, socket, context))
        try check(unsafe curl_multi_set_timer_function(handle, timer, context))
        try check(unsafe curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, Self.cachedConnections))
    }

    func silence() {
        _ = unsafe curl_multi_set_socket_function(handle, nil, nil)
        _ = unsafe curl_multi_set_timer_function(handle, nil, nil)
    }

    func add(_ easy: borrowing CurlEasy) throws(EgressError) {
        try check(unsafe curl_multi_add_handle(handle, easy.handle))
    }

    func remove(_ easy: borrowing CurlEasy) {
        _ = unsafe curl_multi_remove_handle(handle, easy.handle)
    }

    func act(_ fd: curl_socket_t, _ events: CInt) {
        var running: CInt = 0
        _ = unsafe curl_multi_socket_action(handle, fd, events, &running)
    }

    func nextDone() -> (CurlEasy.ID, CURLcode)? {
        var left: CInt = 0
        while let message = unsafe curl_multi_info_read(handle, &left) {
            if unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle {
                return unsafe (CurlEasy.ID(bitPattern: easy), message.pointee.data.result)
            }
        }
        return nil
    }

    private func check(_ code: CURLMcode) throws(EgressError) {
        guard code != CURLM_OK else { return }
        throw EgressError(.local, "libcurl: \(unsafe String(cString: curl_multi_strerror(code)))")
    }
}

private let curlLibrary = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

// MARK: Called by libcurl

private func driver(_ context: UnsafeMutableRawPointer?) -> CurlDriver? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<CurlDriver>.fromOpaque(context).takeUnretainedValue()
}

private func socketChanged(
    _ easy: UnsafeMutableRawPointer?,
    _ fd: curl_socket_t,
    _ what: CInt,
    _ context: UnsafeMutableRawPointer?,
    _ socketContext: UnsafeMutableRawPointer?
) -> CInt {
    let interest: Readiness? =
        switch what {
        case CURL_POLL_IN: .read
        case CURL_POLL_OUT: .write
        case CURL_POLL_INOUT: [.read, .write]
        default: nil
        }
    unsafe driver(context)?.watch(fd, interest)
    return 0
}

private func timerChanged(
    _ multi: UnsafeMutableRawPointer?,
    _ milliseconds: Int,
    _ context: UnsafeMutableRawPointer?
) -> CInt {
    unsafe driver(context)?.setTimer(milliseconds)
    return 0
}
