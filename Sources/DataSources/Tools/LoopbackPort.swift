import Glibc

/// A TCP port of the loopback address that nobody listens on.
public enum LoopbackPort {
    /// Below what kernels give to outgoing connections, one of which could take a port before a server listens on it.
    private static let range = 10_240...19_999
    private static let attemptCount = 100

    /// Draws one by chance and looks whether it is free. Who draws the same at the same moment is not prevented, only unlikely: a
    /// server that finds its port taken fails to start.
    public static func free() throws -> Int {
        for _ in 0..<attemptCount {
            let port = Int.random(in: range)
            if try isFree(port) { return port }
        }
        throw SourceError(
            .failed, "no free port", subject: "127.0.0.1, \(range.lowerBound) to \(range.upperBound)",
            hint: "`ss -ltn` lists who listens")
    }

    private static func isFree(_ port: Int) throws -> Bool {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else {
            throw SourceError(.failed, "no socket can be made: \(errorText(errno))", subject: "127.0.0.1")
        }
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
