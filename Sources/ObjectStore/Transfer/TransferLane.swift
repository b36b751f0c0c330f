import CCurl
import CLinux
import Glibc
import Synchronization

/// One thread on which libcurl moves all bytes of a store, over connections that it keeps.
final class TransferLane: Sendable {
    private let inbox: TransferInbox

    init(settings: TransferSettings) {
        inbox = TransferInbox()
        TransferThread.start(settings: settings, inbox: inbox)
    }

    deinit { inbox.close() }

    /// Carries out a request. Cancelling the task takes the transfer off the wire.
    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        let inbox = inbox
        let number = inbox.nextNumber()
        let outcome: Transfer.Outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { inbox.submit(Transfer(request, $0), number) }
        } onCancel: {
            inbox.cancel(number)
        }
        inbox.forget(number)
        return try outcome.get()
    }
}

/// What tasks leave for the thread, which is woken for it.
///
/// Sendable: everything is under `state`; `curl_multi_wakeup` is made for calls from other threads, and under the lock the
/// multi handle cannot be freed meanwhile.
@safe final class TransferInbox: @unchecked Sendable {
    struct Mail {
        var submitted: [(number: UInt64, transfer: Transfer)] = []
        var cancelled: [UInt64] = []
        var isClosed = false
    }

    private struct State {
        var mail = Mail()
        var cancelledEarly = Set<UInt64>()
        var isSubmitted = Set<UInt64>()
        var lastNumber: UInt64 = 0
        /// Address of the multi handle; nil before it is made and once it is freed.
        var multi: UInt?
    }

    private let state = Mutex(State())

    func nextNumber() -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    func submit(_ transfer: Transfer, _ number: UInt64) {
        let isCancelled = state.withLock { state in
            if state.cancelledEarly.remove(number) != nil { return true }
            state.isSubmitted.insert(number)
            state.mail.submitted.append((number, transfer))
            wake(state)
            return false
        }
        if isCancelled { transfer.finish(.failure(.cancelled)) }
    }

    func cancel(_ number: UInt64) {
        state.withLock { state in
            if state.isSubmitted.contains(number) {
                state.mail.cancelled.append(number)
                wake(state)
            } else {
                state.cancelledEarly.insert(number)
            }
        }
    }

    func close() {
        state.withLock { state in
            state.mail.isClosed = true
            wake(state)
        }
    }

    /// Takes what has come in.
    func collect() -> Mail {
        state.withLock { state in
            defer {
                state.mail.submitted.removeAll(keepingCapacity: true)
                state.mail.cancelled.removeAll(keepingCapacity: true)
            }
            return state.mail
        }
    }

    /// The call is over, so cancelling it no longer means anything.
    func forget(_ number: UInt64) {
        state.withLock { state in
            state.isSubmitted.remove(number)
            state.cancelledEarly.remove(number)
        }
    }

    func use(_ multi: UInt?) {
        state.withLock { $0.multi = multi }
    }

    private func wake(_ state: borrowing State) {
        if let multi = state.multi { unsafe curl_multi_wakeup(UnsafeMutableRawPointer(bitPattern: multi)) }
    }
}
