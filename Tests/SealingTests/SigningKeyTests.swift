import Testing

@testable import Sealing

@Suite("Signing keys") struct SigningKeyTests {
    /// RFC 8032, section 7.1, tests 1 and 2.
    static let vectors: [(seed: String, key: String, message: [UInt8], signature: String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", [],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", [0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ]

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test("keys and signatures are those of RFC 8032", arguments: 0..<2)
    func vectors(index: Int) throws {
        let vector = SigningKeyTests.vectors[index]
        let seed = try #require(Digest(hex: vector.seed)).bytes
        let key = try SigningKey(seed: SecretBytes(seed))
        #expect(hex(key.verifyingKey.bytes) == vector.key)
        let signature = key.sign(vector.message)
        #expect(hex(signature) == vector.signature)
        #expect(key.verifyingKey.isSignature(signature, of: vector.message))
    }

    @Test("another message, another key, a changed or short signature, and what is no point of the curve are refused")
    func refused() throws {
        let key = SigningKey.random()
        let message = [UInt8]("an event".utf8)
        let signature = key.sign(message)
        #expect(key.verifyingKey.isSignature(signature, of: message))
        #expect(!key.verifyingKey.isSignature(signature, of: message + [0]))
        #expect(!SigningKey.random().verifyingKey.isSignature(signature, of: message))
        for position in [0, 31, 32, 63] {
            var changed = signature
            changed[position] ^= 1
            #expect(!key.verifyingKey.isSignature(changed, of: message))
        }
        #expect(!key.verifyingKey.isSignature(Array(signature.dropLast()), of: message))
        let noPoint = try #require(VerifyingKey([UInt8](repeating: 0xFF, count: 32)))
        #expect(!noPoint.isSignature(signature, of: message))
        #expect(VerifyingKey([1, 2, 3]) == nil)
        #expect(throws: SealingError.self) { try SigningKey(seed: SecretBytes([1, 2, 3])) }
    }
}
