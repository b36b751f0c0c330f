import Glibc

/// Asks one DNS server for addresses, by UDP and without a resolver in between: what it says now is what counts.
enum DNSClient {
    /// The A records of `name` at `server` (`address:port`, IPv4). Blocks for `timeout` at most.
    static func addresses(of name: String, at server: String, timeout: Duration) throws(DNSMessage.Refusal) -> [String]
    {
        let id = UInt16.random(in: 0...UInt16.max)
        guard let question = DNSMessage.question(name, id: id) else { throw refusal("`\(name)` is no name") }
        let descriptor = try connected(to: server)
        defer { close(descriptor) }
        guard send(descriptor, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else {
            throw refusal("the question cannot be sent: \(String(cString: strerror(errno)))")
        }
        let end = DrillClock.system.uptime() + timeout.seconds
        var bytes = [UInt8](repeating: 0, count: DNSMessage.largestByteCount)
        while true {
            let left = end - DrillClock.system.uptime()
            guard left > 0 else { throw refusal("no answer after \(timeout)") }
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Int32(min(left * 1000 + 1, 3_600_000))) > 0 else { continue }
            let count = recv(descriptor, &bytes, bytes.count, 0)
            // A connected socket tells when nobody listens there.
            guard count >= 0 else { throw refusal("the server is not there: \(String(cString: strerror(errno)))") }
            // An answer to another question may be a forgery; the right one may still come.
            if let found = try DNSMessage.addresses(in: Array(bytes[..<count]), for: name, id: id) { return found }
        }
    }

    private static func connected(to server: String) throws(DNSMessage.Refusal) -> Int32 {
        guard let colon = server.lastIndex(of: ":"), let port = UInt16(server[server.index(after: colon)...]) else {
            throw refusal("`\(server)` is no address:port")
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, String(server[..<colon]), &address.sin_addr) == 1 else {
            throw refusal("`\(server)` is no address:port")
        }
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw refusal("no socket: \(String(cString: strerror(errno)))") }
        // Connected, so that only answers of this server get here.
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let number = errno
            close(descriptor)
            throw refusal("the server cannot be reached: \(String(cString: strerror(number)))")
        }
        return descriptor
    }

    private static func refusal(_ message: String) -> DNSMessage.Refusal { DNSMessage.Refusal(message: message) }
}
