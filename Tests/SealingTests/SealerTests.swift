import Testing

@testable import Sealing

@Suite struct SealerTests {
    @Test("sealing under a given nonce gives the bytes restic accepts", arguments: Vectors.crypto.seal)
    func knownAnswers(vector: Vectors.Sealed) throws {
        var sealer = Sealer(key: try Vectors.key())
        let plaintext = Vectors.hex(vector.plaintext_hex)
        let sealed = sealer.seal(plaintext, nonce: Vectors.hex(vector.nonce_hex))
        #expect(sealed == Vectors.hex(vector.sealed_hex))
        #expect(try sealer.open(sealed) == plaintext)
    }

    @Test("a change of any byte is refused and nothing is decrypted", arguments: [0, 1, 15, 16, 17, 100])
    func tampering(count: Int) throws {
        var sealer = Sealer(key: .random())
        let plaintext = SecureRandom.bytes(count)
        let sealed = sealer.seal(plaintext)
        for position in sealed.indices {
            var changed = sealed
            changed[position] ^= 1 << UInt8(position % 8)
            #expect(failure { () throws(SealingError) in try sealer.open(changed) }?.code == .authenticationFailed)
        }
        for length in 0..<sealed.count {
            let code = failure { () throws(SealingError) in try sealer.open(Array(sealed[..<length])) }?.code
            #expect(code == (length < 32 ? .tooShort : .authenticationFailed))
        }
        #expect(try sealer.open(sealed) == plaintext)
    }
}
