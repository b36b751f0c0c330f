import Glibc
import ObjectStore
import TestSupport
import Testing

@testable import Drills

@Suite("The probe of names")
struct DNSTests {
    private static let name = "app.staging.test"

    /// An answer to the question for `name`: flags, then records as they are.
    private static func answer(
        flags: [UInt8] = [0x85, 0x80], count: UInt8 = 1, _ records: [UInt8], name: String = DNSTests.name,
        id: UInt16 = 7
    ) -> [UInt8] {
        var bytes = DNSMessage.question(name, id: id) ?? []
        bytes.replaceSubrange(2..<4, with: flags)
        bytes[7] = count
        return bytes + records
    }

    /// A record of `type` for the name of the question, which is at offset 12.
    private static func record(_ type: UInt8, _ data: [UInt8], owner: [UInt8] = [0xC0, 12]) -> [UInt8] {
        owner + [0, type, 0, 1, 0, 0, 0, 5, 0, UInt8(data.count)] + data
    }

    private func read(_ bytes: [UInt8]) throws(DNSMessage.Refusal) -> [String]? {
        try DNSMessage.addresses(in: bytes, for: Self.name, id: 7)
    }

    @Test("addresses are read, through an alias too; records of other names are left out")
    func reads() throws {
        #expect(try read(Self.answer(Self.record(1, [10, 99, 0, 11]))) == ["10.99.0.11"])
        let alias: [UInt8] = [1, 0x78, 0]  // x.
        let records =
            Self.record(5, alias) + Self.record(1, [10, 0, 0, 1], owner: alias)
            + Self.record(1, [6, 6, 6, 6], owner: [1, 0x79, 0])
        #expect(try read(Self.answer(count: 3, records)) == ["10.0.0.1"])
        #expect(
            try DNSMessage.addresses(in: Self.answer(Self.record(1, [1, 2, 3, 4])), for: "APP.Staging.Test.", id: 7)
                == ["1.2.3.4"])
        #expect(try read(Self.answer(count: 0, [])) == [])
    }

    @Test("an answer to another question is none, and the right one may still come")
    func others() throws {
        let record = Self.record(1, [10, 99, 0, 11])
        #expect(try read(Self.answer(record, id: 8)) == nil)
        #expect(try read(Self.answer(record, name: "other.staging.test")) == nil)
        #expect(try read(Self.answer(flags: [0x05, 0x80], record)) == nil, "a question")
        #expect(try read([]) == nil)
        #expect(try read([0, 7, 0x80]) == nil)
    }

    @Test(
        "what a hostile server sends is refused",
        arguments: [
            ("a pointer to itself", answer([0xC0, 34, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 1, 2, 3, 4])),
            ("a pointer forwards", answer([0xC0, 60, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 1, 2, 3, 4])),
            ("more records than there are", answer(count: 255, record(1, [1, 2, 3, 4]))),
            ("an address of six bytes", answer(record(1, [1, 2, 3, 4, 5, 6]))),
            ("a length beyond the end", answer([0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 5, 0xFF, 0xFF, 1])),
            ("a label of an unknown kind", answer([0x80, 1, 0, 1, 0, 1])),
            ("a label beyond the end", answer([63, 1, 2])), ("a record that is cut off", answer([0xC0, 12, 0])),
            ("truncated", answer(flags: [0x87, 0x80], record(1, [1, 2, 3, 4]))),
            ("NXDOMAIN", answer(flags: [0x85, 0x83], count: 0, [])),
            ("SERVFAIL", answer(flags: [0x85, 0x82], count: 0, [])),
        ])
    func hostile(what: String, bytes: [UInt8]) {
        #expect(throws: DNSMessage.Refusal.self, "\(what)") { try read(bytes) }
    }

    @Test("no bytes at all make it crash or hang")
    func random() {
        var generator = SeededGenerator(seed: 20_261_121)
        let good = Self.answer(
            count: 2, Self.record(5, [1, 0x78, 0]) + Self.record(1, [10, 0, 0, 1], owner: [1, 0x78, 0]))
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 12..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
            if let found = try? read(bytes) { #expect(found.count <= 2) }
        }
    }

    @Test("names that are none are not asked")
    func names() {
        for name in ["", ".", "a..b" + String(repeating: "x", count: 260), String(repeating: "x", count: 64) + ".test"]
        {
            #expect(DNSMessage.question(name, id: 1) == nil, "\(name)")
        }
    }

    @Test("a server that is not there, one that says nothing, and one that lies first and answers then")
    func servers() async throws {
        let lane = BlockingLane(name: "dns-test", threadCount: 2)
        let server = try UDPServer()
        let address = "127.0.0.1:\(server.port)"
        let nobody = await lane.run {
            Result { try DNSClient.addresses(of: Self.name, at: "127.0.0.1:1", timeout: .seconds(240)) }
        }
        #expect(throws: DNSMessage.Refusal.self) { try nobody.get() }
        let silent = await lane.run {
            Result { try DNSClient.addresses(of: Self.name, at: address, timeout: .milliseconds(50)) }
        }
        #expect(throws: DNSMessage.Refusal(message: "no answer after 0.05 seconds")) { try silent.get() }
        let answering = Task {
            await lane.run {
                _ = server.receive()  // the question of before
                let (question, from) = server.receive()
                let id = UInt16(question[0]) << 8 | UInt16(question[1])
                server.send(Self.answer(Self.record(1, [6, 6, 6, 6]), id: id &+ 1), from)
                server.send([1, 2, 3], from)
                server.send(Self.answer(Self.record(1, [10, 99, 0, 11]), id: id), from)
            }
        }
        let found = try await lane.run { () throws in
            try DNSClient.addresses(of: Self.name, at: address, timeout: .seconds(240))
        }
        #expect(found == ["10.99.0.11"])
        await answering.value
        for wrong in ["127.0.0.1", "x:53", "127.0.0.1:99999"] {
            let result = await lane.run {
                Result { try DNSClient.addresses(of: Self.name, at: wrong, timeout: .seconds(1)) }
            }
            #expect(throws: DNSMessage.Refusal.self) { try result.get() }
        }
    }
}

/// A socket that a test answers from.
private final class UDPServer: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw DrillError(.helperFailed, "no socket", subject: "127.0.0.1") }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    func receive() -> ([UInt8], sockaddr_in) {
        var bytes = [UInt8](repeating: 0, count: 512)
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor, &bytes, bytes.count, 0, $0, &length)
            }
        }
        return (Array(bytes.prefix(max(count, 0))), from)
    }

    func send(_ bytes: [UInt8], _ to: sockaddr_in) {
        var to = to
        _ = withUnsafePointer(to: &to) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
