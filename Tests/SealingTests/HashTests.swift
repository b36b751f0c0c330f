import Testing

@testable import Sealing

@Suite struct HashTests {
    static let million = [UInt8](repeating: 0x61, count: 1_000_000)
    static let known: [([UInt8], String)] = [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ([UInt8]("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]

    @Test("SHA-256 gives the digests of FIPS 180-4", arguments: known)
    func knownDigests(input: [UInt8], hex: String) {
        #expect(SHA256.digest(input).hex == hex)
        #expect(SHA256.digest(input[...]).hex == hex)
        #expect(input.withUnsafeBytes { SHA256.digest($0) }.hex == hex)
    }

    @Test("a hasher may be fed in pieces and used again after each digest")
    func reuse() {
        var hasher = SHA256Hasher()
        for (input, hex) in Self.known + Self.known.reversed() {
            var rest = input[...]
            var step = 1
            while !rest.isEmpty {
                hasher.update(rest.prefix(step))
                rest = rest.dropFirst(step)
                step = step * 3 + 1
            }
            #expect(hasher.finish().hex == hex)
        }
    }

    @Test("a sequence without storage of its own is hashed by its elements")
    func lazySequence() {
        #expect(SHA256.digest((0..<100).lazy.map { UInt8($0) }) == SHA256.digest([UInt8](0..<100)))
    }

    @Test("comparing tells equal bytes from others of the same and of another length")
    func comparing() {
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(constantTimeEquals([], []))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
        #expect(SecretBytes([1, 2]).constantTimeEquals(SecretBytes([1, 2])))
        #expect(!SecretBytes([1, 2]).constantTimeEquals(SecretBytes([2, 2])))
    }

    @Test("the self-test passes, all parts of it")
    func selfTest() throws {
        #expect(throws: Never.self) { try SelfTest.run() }
    }

    @Test("random bytes differ, and large amounts are filled to the end")
    func random() {
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
        #expect(SecureRandom.bytes(0) == [])
        #expect(SecureRandom.bytes(3 << 20).suffix(64).contains { $0 != 0 })
        var generator = SecureGenerator()
        #expect(generator.next() != generator.next())
    }
}
