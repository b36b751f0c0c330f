import TestSupport
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
        #expect(try sealer.open(([1, 2] + sealed)[2...]) == plaintext)
    }

    @Test("one sealer seals and opens messages of many lengths in any order")
    func reuse() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of the sealer: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let key = SealingKey.random()
        var one = Sealer(key: key)
        var other = Sealer(key: key)
        for _ in 0..<200 {
            let plaintext = generator.bytes(Int.random(in: 0...20_000, using: &generator))
            let sealed = one.seal(plaintext)
            #expect(sealed.count == plaintext.count + Sealer.overhead)
            #expect(try other.open(sealed) == plaintext, "seed \(seed)")
        }
    }

    @Test("the same bytes are never sealed to the same bytes")
    func freshNonces() {
        var sealer = Sealer(key: .random())
        let nonces = Set((0..<1000).map { _ in Array(sealer.seal([1]).prefix(16)) })
        #expect(nonces.count == 1000)
    }

    @Test("a change of any byte, and a cut anywhere, is refused", arguments: [0, 1, 15, 16, 17, 100])
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
        #expect(failure { () throws(SealingError) in try sealer.open(sealed + [0]) }?.code == .authenticationFailed)
        #expect(try sealer.open(sealed) == plaintext)
    }

    @Test("what does not authenticate leaves the output untouched")
    func nothingDecrypted() {
        var sealer = Sealer(key: .random())
        var sealed = sealer.seal([UInt8](repeating: 7, count: 64))
        sealed[40] ^= 1
        var output = [UInt8](repeating: 0xEE, count: 64)
        let error = output.withUnsafeMutableBytes { output in
            sealed.withUnsafeBytes { input in
                failure { () throws(SealingError) in try sealer.open(input, into: output) }
            }
        }
        #expect(error?.code == .authenticationFailed)
        #expect(output == [UInt8](repeating: 0xEE, count: 64))
    }

    @Test("another key refuses, whichever part of it differs", arguments: [0, 32, 48])
    func otherKey(part: Int) throws {
        var bytes = [UInt8](0..<64)
        var sealer = Sealer(key: try SealingKey(SecretBytes(bytes)))
        let sealed = sealer.seal([1, 2, 3])
        bytes[part] ^= 0x80
        var other = Sealer(key: try SealingKey(SecretBytes(bytes)))
        if part == 0 {
            // The encryption key is not part of the tag: the bytes open to others, and the hash of the blob tells.
            #expect(try other.open(sealed) != [1, 2, 3])
        } else {
            #expect(failure { () throws(SealingError) in try other.open(sealed) }?.code == .authenticationFailed)
        }
    }

    @Test("a nonce of zeros is refused even when the tag is right")
    func zeroNonce() throws {
        var sealer = Sealer(key: try Vectors.key())
        let sealed = sealer.seal([1, 2, 3], nonce: [UInt8](repeating: 0, count: 16))
        #expect(failure { () throws(SealingError) in try sealer.open(sealed) }?.code == .invalidNonce)
    }

    @Test("a whole pack of restic's opens: blobs, header, length at the end")
    func pack() throws {
        let pack = Vectors.crypto.pack
        let bytes = Vectors.hex(pack.pack_hex)
        var sealer = Sealer(key: try Vectors.key())
        var decompressor = Decompressor()
        #expect(SHA256.digest(bytes).hex == pack.pack_id)
        for blob in pack.blobs {
            var plaintext = try sealer.open(bytes[blob.offset..<blob.offset + blob.length])
            if let count = blob.uncompressed_length {
                plaintext = try decompressor.decompress(plaintext, exactly: count)
            }
            #expect(plaintext == Vectors.hex(blob.plaintext_hex))
            #expect(SHA256.digest(plaintext).hex == blob.id)
        }
        let header = Vectors.hex(pack.header_plain_hex)
        #expect(try sealer.open(bytes[(bytes.count - 4 - header.count - 32)..<(bytes.count - 4)]) == header)
    }
}
