import CCurl
import Glibc
import Synchronization

/// A request on its way, and what has come back so far.
///
/// Sendable: the thread of the `TransferLane` alone touches it between `submit` and the end; the callbacks run on it.
final class Transfer: @unchecked Sendable {
    typealias Outcome = Result<HTTPResponse, TransferFailure>

    /// Enough for any error document.
    private static let largestErrorBody = 64 << 10
    private static let largestHeaderBytes = 64 << 10

    let request: HTTPRequest
    private var sent = 0
    private var headerByteCount = 0
    private(set) var response = HTTPResponse()
    private(set) var isTooLarge = false
    private let continuation = Mutex<CheckedContinuation<Outcome, Never>?>(nil)

    init(_ request: HTTPRequest, _ continuation: CheckedContinuation<Outcome, Never>) {
        self.request = request
        self.continuation.withLock { $0 = continuation }
    }

    /// Answers the waiting task; the first outcome counts.
    func finish(_ outcome: Outcome) {
        let waiting = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: outcome)
    }

    /// Copies the next bytes of the body into libcurl's buffer.
    fileprivate func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        unsafe request.body.withUnsafeBytes { body in
            let count = min(buffer.count, body.count - sent)
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: body[sent..<sent + count]))
            sent += count
            return count
        }
    }

    /// Goes back in the body, when a kept connection turned out to be dead.
    fileprivate func seek(to offset: Int64) -> Bool {
        guard let position = Int(exactly: offset), (0...request.body.count).contains(position) else { return false }
        sent = position
        return true
    }

    /// Takes a header line; false when there are too many.
    fileprivate func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headerByteCount += bytes.count
        guard headerByteCount <= Transfer.largestHeaderBytes else { return false }
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {  // also after an interim answer
            response = HTTPResponse()
            response.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace)
            response.headers.append(RequestField(line[..<colon].lowercased(), value.joined(separator: " ")))
        }
        return true
    }

    /// Takes bytes of the answer's body; false when they are more than was allowed.
    fileprivate func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (200..<300).contains(response.status) else {
            let room = Transfer.largestErrorBody - response.body.count
            unsafe response.body.append(contentsOf: bytes.prefix(room))
            return true
        }
        if response.body.isEmpty, let length = response.header("content-length").flatMap({ Int($0) }) {
            response.body.reserveCapacity(min(max(length, 0), request.largestBody))
        }
        guard bytes.count <= request.largestBody - response.body.count else {
            isTooLarge = true
            return false
        }
        unsafe response.body.append(contentsOf: bytes)
        return true
    }
}

/// What libcurl calls; `context` is the `Transfer`, which the lane holds as long as the handle is in use.
enum TransferCallbacks {
    static let read: curl_write_callback = { buffer, size, count, context in
        guard let buffer = unsafe buffer, let transfer = unsafe TransferCallbacks.transfer(context) else {
            return lb_read_abort
        }
        return unsafe transfer.fill(UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
    }

    static let write: curl_write_callback = { buffer, size, count, context in
        guard let transfer = unsafe TransferCallbacks.transfer(context) else { return 0 }
        return unsafe transfer.takeBody(UnsafeRawBufferPointer(start: buffer, count: size * count)) ? size * count : 0
    }

    static let header: curl_write_callback = { buffer, size, count, context in
        guard let transfer = unsafe TransferCallbacks.transfer(context) else { return 0 }
        return unsafe transfer.takeHeader(UnsafeRawBufferPointer(start: buffer, count: size * count)) ? size * count : 0
    }

    static let seek: curl_seek_callback = { context, offset, origin in
        guard origin == SEEK_SET, let transfer = unsafe TransferCallbacks.transfer(context) else {
            return CURL_SEEKFUNC_CANTSEEK
        }
        return transfer.seek(to: Int64(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
    }

    private static func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }
}
