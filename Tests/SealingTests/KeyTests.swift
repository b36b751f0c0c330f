import Testing

@testable import Sealing

@Suite struct KeyTests {
    @Test("a master key survives its JSON form, which is restic's")
    func json() throws {
        let key = try SealingKey(SecretBytes(0..<64 as Range<UInt8>))
        let text = key.json().copy()
        #expect(
            String(decoding: text, as: UTF8.self)
                == #"{"mac":{"k":"ICEiIyQlJicoKSorLC0uLw==","r":"MDEyAzQ1Ngc4OToLPD0+Dw=="},"#
                + #""encrypt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}"#)
        #expect(try SealingKey(json: text).constantTimeEquals(key))
    }

    @Test(
        "what is no master key is refused without a word of what it holds",
        arguments: [
            "", "{}", "[]", #"{"mac":{"k":"ICEi","r":"MDEy"},"encrypt":"AAEC"}"#,
            #"{"mac":{"k":"ICEiIyQlJicoKSorLC0uLw==","r":"AAAAAAAAAAAAAAAAAAAAAA=="},"#
                + #""encrypt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}"#,
        ])
    func badJSON(text: String) {
        let error = failure { () throws(SealingError) in try SealingKey(json: [UInt8](text.utf8)) }
        #expect(error?.code == .invalidKey)
        #expect(error?.cause == nil)
    }

    @Test("a key with a part of zeros, or of another length, is refused", arguments: [0, 32, 48, 64])
    func zeroParts(part: Int) {
        var bytes = [UInt8](repeating: 5, count: 64)
        switch part {
        case 0: bytes.replaceSubrange(0..<32, with: [UInt8](repeating: 0, count: 32))
        case 64: bytes.append(5)
        default: bytes.replaceSubrange(part..<part + 16, with: [UInt8](repeating: 0, count: 16))
        }
        #expect(failure { () throws(SealingError) in try SealingKey(SecretBytes(bytes)) }?.code == .invalidKey)
    }

    @Test("keys that differ only in bits Poly1305 ignores are one key, and derive the same keys")
    func clamped() throws {
        // restic's `key add` stores `r` clamped, so the key files of one repository differ in it.
        let drawn = SecureRandom.bytes(64)
        var clamped = drawn
        for index in [51, 55, 59, 63] { clamped[index] &= 0x0f }
        for index in [52, 56, 60] { clamped[index] &= 0xfc }
        let one = try SealingKey(SecretBytes(drawn))
        let other = try SealingKey(SecretBytes(clamped))
        #expect(one.constantTimeEquals(other))
        #expect(one.secret.copy() == clamped)
        let derived = [one, other].map {
            KeyDerivation.secret($0, purpose: "p", repositoryID: "r", byteCount: 32).copy()
        }
        #expect(derived[0] == derived[1])
        var sealer = Sealer(key: one)
        var opener = Sealer(key: other)
        #expect(try opener.open(sealer.seal([1, 2, 3])) == [1, 2, 3])
    }

    @Test("random keys differ")
    func random() {
        #expect(!SealingKey.random().constantTimeEquals(.random()))
    }

    @Test("derived keys follow RFC 5869 in the documented layout")
    func derivation() throws {
        // Reckoned by an independent HKDF over HMAC-SHA256; the last 16 bytes are clamped.
        let expected = Vectors.hex(
            "f58f18d16ee725ba8fb25a75be1517af937985c23ef9d6258324a08239db9d87"
                + "90c90b53b801bd760b670f21cd30b911a899270ff03af607a07a0a0788af2805")
        let key = try SealingKey(SecretBytes(0..<64 as Range<UInt8>))
        let derived = KeyDerivation.hkdf(key, purpose: "self-test", repositoryID: "0")
        #expect(derived.secret.copy() == expected)
        let short = KeyDerivation.secret(key, purpose: "self-test", repositoryID: "0", byteCount: 32)
        #expect(short.copy() == Array(expected[..<32]))
    }

    @Test("another purpose, repository or master key gives another key")
    func separation() {
        let key = SealingKey.random()
        let derived = [
            KeyDerivation.hkdf(key, purpose: "a", repositoryID: "bc"),
            KeyDerivation.hkdf(key, purpose: "ab", repositoryID: "c"),
            KeyDerivation.hkdf(key, purpose: "a", repositoryID: "bd"),
            KeyDerivation.hkdf(.random(), purpose: "a", repositoryID: "bc"),
        ]
        #expect(Set(derived.map { $0.secret.copy() }).count == derived.count)
        #expect(KeyDerivation.hkdf(key, purpose: "a", repositoryID: "bc").constantTimeEquals(derived[0]))
    }
}
