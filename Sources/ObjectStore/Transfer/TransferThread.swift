import CCurl
import CLinux
import Glibc

/// The thread of a `TransferLane`: owns the multi handle, the easy handles and every transfer between submission and end.
///
/// Safe: made, used and freed on its own thread; other threads reach it through the inbox only.
@safe final class TransferThread {
    private let settings: TransferSettings
    private let inbox: TransferInbox
    private let multi: UnsafeMutableRawPointer
    private var waiting = [(number: UInt64, transfer: Transfer)]()
    private var running = [EasyHandle.Key: (number: UInt64, handle: EasyHandle)]()
    private var idle = [EasyHandle]()

    /// How long a poll lasts at most; whatever happens ends it at once.
    private static let pollMilliseconds: Int32 = 60_000

    private init(settings: TransferSettings, inbox: TransferInbox) {
        self.settings = settings
        self.inbox = inbox
        guard let multi = unsafe curl_multi_init() else { fatalError("libcurl has no memory for its multi handle") }
        unsafe self.multi = multi
        unsafe lb_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, settings.connectionCount)
        unsafe lb_multi_setopt_long(multi, CURLMOPT_PIPELINING, 0)
    }

    static func start(settings: TransferSettings, inbox: TransferInbox) {
        _ = globalSetUp
        let argument = unsafe Unmanaged.passRetained(Start(settings: settings, inbox: inbox)).toOpaque()
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                unsafe lb_name_this_thread("store-transfer")
                TransferThread(settings: start.settings, inbox: start.inbox).run()
                return nil
            }, argument)
        precondition(status == 0, "a thread could not be started: error \(status)")
        pthread_detach(thread)
    }

    private static let globalSetUp = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    private final class Start: Sendable {
        let settings: TransferSettings
        let inbox: TransferInbox

        init(settings: TransferSettings, inbox: TransferInbox) {
            self.settings = settings
            self.inbox = inbox
        }
    }

    private func run() {
        unsafe inbox.use(UInt(bitPattern: multi))
        while takeMail() {
            begin()
            var count: Int32 = 0
            unsafe curl_multi_perform(multi, &count)
            if end() { continue }
            unsafe curl_multi_poll(multi, nil, 0, TransferThread.pollMilliseconds, nil)
        }
        inbox.use(nil)
        for (_, entry) in running { stop(entry.handle) }
        idle.removeAll()
        unsafe curl_multi_cleanup(multi)
    }

    /// Takes in what tasks have left; false when the lane is closed.
    private func takeMail() -> Bool {
        let mail = inbox.collect()
        waiting += mail.submitted
        for number in mail.cancelled {
            if let index = waiting.firstIndex(where: { $0.number == number }) {
                waiting.remove(at: index).transfer.finish(.failure(.cancelled))
            } else if let entry = running.first(where: { $0.value.number == number }) {
                stop(entry.value.handle)
            }
        }
        return !mail.isClosed
    }

    /// Puts waiting transfers on the wire while there are connections for them.
    private func begin() {
        var taken = 0
        while running.count < settings.connectionCount, taken < waiting.count {
            let next = waiting[taken]
            taken += 1
            guard let handle = idle.popLast() ?? EasyHandle() else {
                next.transfer.finish(.failure(.network(code: UInt32(CURLE_OUT_OF_MEMORY.rawValue), text: "no memory")))
                continue
            }
            handle.prepare(next.transfer, settings)
            unsafe curl_multi_add_handle(multi, handle.curl)
            running[handle.key] = (next.number, handle)
        }
        waiting.removeFirst(taken)
    }

    /// Answers the transfers that have ended; true when there were any.
    private func end() -> Bool {
        var code = CURLE_OK
        var any = false
        while let curl = unsafe lb_multi_next_done(multi, &code) {
            any = true
            unsafe curl_multi_remove_handle(multi, curl)
            guard let entry = running.removeValue(forKey: EasyHandle.Key(bitPattern: curl)) else { continue }
            entry.handle.complete(code)
            idle.append(entry.handle)
        }
        return any
    }

    /// Takes a transfer off the wire; its connection is closed, since an answer may still be on the way.
    private func stop(_ handle: EasyHandle) {
        unsafe curl_multi_remove_handle(multi, handle.curl)
        running[handle.key] = nil
        handle.abandon()
        idle.append(handle)
    }
}
