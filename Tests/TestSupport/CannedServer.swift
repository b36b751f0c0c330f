import Glibc
import Synchronization

/// A server on loopback that answers each connection's requests with given bytes, to be as wrong as a test needs.
///
/// Each answer goes to one request; after the last one connections are closed without a word.
public final class CannedServer: Sendable {
    /// The port it listens on.
    public let port: UInt16
    private let listener: Int32
    private let state: Mutex<(answers: [String], requests: [String])>

    /// Answers with `answers`, raw and in order, then closes each connection. `\n` is sent as CR LF up to the first empty line.
    public init(_ answers: [String]) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isBound else { throw TemporaryFolderError(number: errno) }
        port = UInt16(bigEndian: address.sin_port)
        state = Mutex((answers, []))
        let me = Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { me in
                guard let me else { return nil }
                Unmanaged<CannedServer>.fromOpaque(me).takeRetainedValue().serve()
                return nil
            }, me)
        pthread_detach(thread)
    }

    /// First lines and headers of the requests that came.
    public var requests: [String] { state.withLock { $0.requests } }

    /// Ends the server; to be called at the end of the test.
    public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            answer(on: connection)
            close(connection)
        }
        close(listener)
    }

    private func answer(on connection: Int32) {
        guard let head = readRequest(connection) else { return }
        let answer = state.withLock { state -> String? in
            state.requests.append(head)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        guard let answer else { return }
        var bytes = [UInt8]()
        if let end = answer.firstRange(of: "\n\n") {
            bytes += Array(answer[..<end.lowerBound].replacing("\n", with: "\r\n").utf8)
            bytes += Array("\r\nConnection: close\r\n\r\n".utf8)
            bytes += Array(answer[end.upperBound...].utf8)
        } else {
            bytes += Array(answer.utf8)
        }
        send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(connection, Int32(SHUT_WR))
        var rest = [UInt8](repeating: 0, count: 65536)
        while recv(connection, &rest, rest.count, 0) > 0 {}
    }

    /// Reads a request with its body; gives its head, nil when the client goes away.
    private func readRequest(_ connection: Int32) -> String? {
        var bytes = [UInt8]()
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            if bytes.first == 0x16 { return "TLS" }
            guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
            let head = String(text[..<end.lowerBound])
            let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            let wanted = length.flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
            if bytes.count >= head.utf8.count + 4 + wanted { return head }
        }
    }
}
