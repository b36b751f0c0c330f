import Glibc

/// A stream socket to a server: a Unix socket's path, or a host and a port. Calls block, at most as long as the timeout.
final class SocketLink: Sendable {
    private let descriptor: Int32
    let subject: String

    /// Connects. Belongs on a thread that may block.
    ///
    /// - Throws: `serverUnreachable`, `timedOut`.
    init(_ address: ServerAddress, defaultPort: Int, timeout: Duration) throws(SourceError) {
        let port = address.port ?? defaultPort
        subject = address.socket ?? "\(address.host):\(port)"
        var last: Int32 = ENOENT
        for target in try SocketLink.targets(address, port, subject) {
            let descriptor = socket(target.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else {
                last = errno
                continue
            }
            SocketLink.limit(descriptor, to: timeout)
            if target.connect(descriptor) {
                self.descriptor = descriptor
                return
            }
            // A connect that took too long says that it is still at it.
            last = errno == EINPROGRESS ? ETIMEDOUT : errno
            close(descriptor)
        }
        throw SourceError(
            .serverUnreachable, "the server cannot be reached: \(errorText(last))", subject: subject,
            hint: "is it running, and does it listen there?")
    }

    deinit { close(descriptor) }

    /// Ends reads and writes of another thread at once.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The next bytes, up to the size of `buffer`; 0 at the end.
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno != EINTR { throw failure("stopped sending") }
        }
    }

    /// Sends all bytes.
    func send(_ bytes: UnsafeRawBufferPointer) throws(SourceError) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.send(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("stopped listening") }
            done += count
        }
    }

    private func failure(_ what: String) -> SourceError {
        let number = errno
        if number == EAGAIN || number == EWOULDBLOCK {
            return SourceError(
                .timedOut, "the server \(what)", subject: subject, hint: "is the server, or the link, stuck?")
        }
        return SourceError(.serverUnreachable, "the server \(what): \(errorText(number))", subject: subject)
    }

    private static func limit(_ descriptor: Int32, to timeout: Duration) {
        let (seconds, fraction) = timeout.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(fraction / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        // For sends this is also the limit of `connect`.
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    // MARK: Addresses

    private struct Target {
        let family: Int32
        let bytes: [UInt8]

        func connect(_ descriptor: Int32) -> Bool {
            bytes.withUnsafeBytes { bytes in
                bytes.baseAddress.map {
                    Glibc.connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
                } ?? false
            }
        }
    }

    private static func targets(
        _ address: ServerAddress, _ port: Int, _ subject: String
    ) throws(SourceError) -> [Target] {
        if let path = address.socket {
            var target = sockaddr_un()
            target.sun_family = sa_family_t(AF_UNIX)
            let text = Array(path.utf8)
            let room = MemoryLayout.size(ofValue: target.sun_path)
            guard text.count < room, !text.contains(0) else {
                throw SourceError(
                    .invalidSetting, "the path of a socket has at most \(room - 1) bytes", subject: subject)
            }
            withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: text) }
            return [Target(family: AF_UNIX, bytes: withUnsafeBytes(of: &target) { Array($0) })]
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(address.host, String(port), &hints, &found)
        guard status == 0 else {
            throw SourceError(
                .serverUnreachable, "the host has no address: \(String(cString: gai_strerror(status)))",
                subject: subject, hint: "check the name, and the resolver")
        }
        defer { freeaddrinfo(found) }
        var targets = [Target]()
        var next = found
        while let entry = next?.pointee {
            targets.append(
                Target(
                    family: entry.ai_family,
                    bytes: Array(UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen)))))
            next = entry.ai_next
        }
        return targets
    }
}
