import Glibc
import TestSupport

/// A server that says what a test wants of it: one connection on a Unix socket, on a thread of its own.
final class FakeRedis: Sendable {
    let path: String

    /// Answers each command by its first word; the answer to PSYNC is followed by the end of the connection.
    init(at path: String, answers: [String: [UInt8]]) throws {
        self.path = path
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
        }
        guard bound == 0, listen(listener, 1) == 0 else { throw SystemError("bind \(path)") }
        let job = Job(listener: listener, answers: answers)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().serve()
                return nil
            }, Unmanaged.passRetained(job).toOpaque())
        pthread_detach(thread)
    }

    private final class Job: Sendable {
        let listener: Int32
        let answers: [String: [UInt8]]

        init(listener: Int32, answers: [String: [UInt8]]) {
            self.listener = listener
            self.answers = answers
        }

        func serve() {
            defer { close(listener) }
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            defer { close(client) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(client, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                // One command at a time comes, as an array of bulk strings: the third line is its first word.
                let lines = String(decoding: buffer[..<count], as: UTF8.self).split(whereSeparator: \.isNewline)
                let word = lines.count > 2 ? String(lines[2]) : ""
                let answer = answers[word] ?? Array("+OK\r\n".utf8)
                _ = answer.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if word == "PSYNC" { return }
            }
        }
    }
}
