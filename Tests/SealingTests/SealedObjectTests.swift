import Testing

@testable import Sealing

@Suite struct SealedObjectTests {
    static let key = SealingKey.random()
    static let before = SHA256.digest("the object before".utf8)
    static let header = SealedObject.Header(
        repositoryID: "r1", kind: "point", name: "lifeboat/points/1", sequence: 7, predecessor: before)
    static let payload = [UInt8]((0..<1000).flatMap { "row \($0)\n".utf8 })

    static func expectation(
        repositoryID: String = "r1", kind: String = "point", name: String = "lifeboat/points/1", sequence: UInt64? = 7,
        predecessor: SealedObject.Expectation.Predecessor = .digest(before)
    ) -> SealedObject.Expectation {
        .init(repositoryID: repositoryID, kind: kind, name: name, sequence: sequence, predecessor: predecessor)
    }

    @Test("the layout is the documented one")
    func layout() throws {
        let object = SealedObject(
            header: .init(repositoryID: "r", kind: "point", name: "p/1", sequence: 2), payload: [UInt8]("hi".utf8))
        let bytes = Vectors.hex(
            "6c696665626f6174" + "0100" + "0200000000000000" + String(repeating: "00", count: 32) + "010072"
                + "0500706f696e74" + "0300702f31" + "6869")
        #expect(object.plaintext() == bytes)
        #expect(try SealedObject(plaintext: bytes) == object)
    }

    @Test("what was sealed opens for whoever asks for it, with or without its place in the chain")
    func roundTrip() throws {
        let object = SealedObject(header: Self.header, payload: Self.payload)
        let stored = try object.sealed(key: Self.key)
        #expect(stored.count < Self.payload.count)
        for wanted in [Self.expectation(), Self.expectation(sequence: nil, predecessor: .any)] {
            #expect(try SealedObject.open(stored, expecting: wanted, key: Self.key, limit: 1 << 20) == object)
        }
        let empty = SealedObject(header: .init(repositoryID: "r1", kind: "k", name: "n"), payload: [])
        let wanted = SealedObject.Expectation(repositoryID: "r1", kind: "k", name: "n", sequence: 0, predecessor: .none)
        #expect(
            try SealedObject.open(empty.sealed(key: Self.key), expecting: wanted, key: Self.key, limit: 1000) == empty)
    }

    static let mismatches: [(String, SealedObject.Expectation)] = [
        (#"repository ID is "r1" instead of "r2""#, expectation(repositoryID: "r2")),
        (#"kind is "point" instead of "pin""#, expectation(kind: "pin")),
        (#"name is "lifeboat/points/1" instead of "lifeboat/points/2""#, expectation(name: "lifeboat/points/2")),
        (#"sequence is "7" instead of "8""#, expectation(sequence: 8)),
        (#"predecessor is "\#(before.hex)" instead of "none""#, expectation(predecessor: .none)),
        (
            #"kind is "point" instead of "pin", sequence is "7" instead of "0""#,
            expectation(kind: "pin", sequence: 0)
        ),
    ]

    @Test(
        "an object that is not the one asked for is refused, and the message names what differs", arguments: mismatches)
    func mismatch(message: String, wanted: SealedObject.Expectation) throws {
        let stored = try SealedObject(header: Self.header, payload: Self.payload).sealed(key: Self.key)
        let error = failure { () throws(SealingError) in
            try SealedObject.open(stored, expecting: wanted, key: Self.key, limit: 1 << 20)
        }
        #expect(error?.code == .headerMismatch)
        #expect(error?.message == "not the object that was asked for: " + message)
    }

    @Test("damage, another key and too much plaintext are refused")
    func refused() throws {
        let stored = try SealedObject(header: Self.header, payload: Self.payload).sealed(key: Self.key)
        func code(_ stored: [UInt8], _ key: SealingKey, _ limit: Int) -> SealingError.Code? {
            failure { () throws(SealingError) in
                try SealedObject.open(stored, expecting: Self.expectation(), key: key, limit: limit)
            }?.code
        }
        #expect(code(stored, .random(), 1 << 20) == .authenticationFailed)
        #expect(code(Array(stored.dropLast()), Self.key, 1 << 20) == .authenticationFailed)
        #expect(code([], Self.key, 1 << 20) == .tooShort)
        #expect(code(stored, Self.key, Self.payload.count) == .tooLarge)
        var sealer = Sealer(key: Self.key)
        #expect(code(sealer.seal([1, 2, 3, 4]), Self.key, 1 << 20) == .decompressionFailed)
    }

    @Test("a header that is cut off, of another format or not UTF-8 is refused")
    func malformed() {
        let bytes = SealedObject(header: Self.header, payload: []).plaintext()
        for length in 0..<bytes.count {
            let error = failure { () throws(SealingError) in try SealedObject(plaintext: Array(bytes[..<length])) }
            #expect(error?.code == .malformedObject, "\(length) bytes")
        }
        for (position, value) in [(0, 0x4c), (8, 2), (52, 0xff)] as [(Int, UInt8)] {
            var changed = bytes
            changed[position] = value
            let error = failure { () throws(SealingError) in try SealedObject(plaintext: changed) }
            #expect(error?.code == .malformedObject, "byte \(position)")
        }
    }
}
