import Glibc

/// The canary's sockets: who speaks to them, and the beginning of what is said.
///
/// Blocks; for one thread. What comes in is hostile: a bounded part of it is read, of a bounded number of connections.
final class CanarySockets {
    /// Something that was said.
    struct Heard {
        var port: CanaryPort
        var from: String
        var bytes: [UInt8]
    }

    private struct Open {
        var file: Int32
        var port: CanaryPort
        var from: String
        var since: Double
    }

    /// Who connects has so long to say something, seconds.
    private static let patience = 1.0
    private static let largestOpenCount = 256
    private static let largestByteCount = 512
    private static let answer = Array("lifeboat canary\n".utf8)

    private var listening: [(file: Int32, port: CanaryPort)] = []
    private var open: [Open] = []

    /// - Throws: `DrillError.helperFailed` when it cannot listen there.
    init(_ address: String, _ ports: [UInt16]) throws {
        for number in ports {
            for means in CanaryPort.Means.allCases { try listen(address, CanaryPort(means, number)) }
        }
    }

    deinit {
        for one in listening { close(one.file) }
        for one in open { close(one.file) }
    }

    private func listen(_ address: String, _ port: CanaryPort) throws {
        let type = port.means == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let file = socket(
            AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard file >= 0 else { throw Self.failure(address, port) }
        listening.append((file, port))
        var yes: Int32 = 1
        setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.number.bigEndian
        guard inet_pton(AF_INET, address, &place.sin_addr) == 1 else {
            throw DrillError(.unsupported, "is no IPv4 address", subject: address)
        }
        let status = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0, port.means == .udp || Glibc.listen(file, 128) == 0 else { throw Self.failure(address, port) }
    }

    private static func failure(_ address: String, _ port: CanaryPort) -> DrillError {
        DrillError(
            .helperFailed, "the canary cannot listen at \(port): \(String(cString: strerror(errno)))", subject: address,
            hint: "is the address one of this network, and is the port free?")
    }

    /// Waits for at most `milliseconds` and gives what was said; who connected and said nothing in time said no bytes.
    func next(milliseconds: Int32) -> [Heard] {
        var wanted = listening.map { pollfd(fd: $0.file, events: Int16(POLLIN), revents: 0) }
        wanted += open.map { pollfd(fd: $0.file, events: Int16(POLLIN), revents: 0) }
        _ = poll(&wanted, nfds_t(wanted.count), milliseconds)
        let now = DrillClock.system.uptime()
        var heard = [Heard]()
        let (old, ready) = (open, wanted[listening.count...].map { $0.revents != 0 })
        open = []
        for (one, isReady) in zip(old, ready) {
            if isReady || now - one.since > Self.patience { heard.append(finish(one)) } else { open.append(one) }
        }
        for (one, slot) in zip(listening, wanted) where slot.revents != 0 {
            heard += one.port.means == .tcp ? accept(one.file, one.port, now) : receive(one.file, one.port)
        }
        return heard
    }

    private func finish(_ one: Open) -> Heard {
        var bytes = [UInt8](repeating: 0, count: Self.largestByteCount)
        let count = recv(one.file, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        _ = send(one.file, Self.answer, Self.answer.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        close(one.file)
        return Heard(port: one.port, from: one.from, bytes: Array(bytes[..<max(count, 0)]))
    }

    private func accept(_ file: Int32, _ port: CanaryPort, _ now: Double) -> [Heard] {
        var heard = [Heard]()
        for _ in 0..<Self.largestOpenCount {
            var place = sockaddr_in()
            let accepted = Self.place(&place) { Glibc.accept(file, $0, $1) }
            guard accepted >= 0 else { break }
            _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
            if open.count >= Self.largestOpenCount { heard.append(finish(open.removeFirst())) }
            open.append(Open(file: accepted, port: port, from: Self.text(place), since: now))
        }
        return heard
    }

    private func receive(_ file: Int32, _ port: CanaryPort) -> [Heard] {
        var heard = [Heard]()
        for _ in 0..<Self.largestOpenCount {
            var place = sockaddr_in()
            var bytes = [UInt8](repeating: 0, count: Self.largestByteCount)
            let room = bytes.count
            let count = bytes.withUnsafeMutableBytes { buffer in
                Self.place(&place) { Int32(recvfrom(file, buffer.baseAddress, room, 0, $0, $1)) }
            }
            guard count >= 0 else { break }
            heard.append(Heard(port: port, from: Self.text(place), bytes: Array(bytes[..<Int(count)])))
        }
        return heard
    }

    private static func place(
        _ place: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int32 {
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }

    private static func text(_ place: sockaddr_in) -> String {
        let bytes = withUnsafeBytes(of: place.sin_addr.s_addr) { Array($0) }
        return bytes.map { "\($0)" }.joined(separator: ".") + ":\(UInt16(bigEndian: place.sin_port))"
    }
}
