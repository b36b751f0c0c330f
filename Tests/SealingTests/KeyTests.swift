import Testing

@testable import Sealing

@Suite struct KeyTests {
    @Test("a master key survives its JSON form, which is restic's")
    func json() throws {
        let key = try SealingKey(SecretBytes(0..<64 as Range<UInt8>))
        let text = key.json().copy()
        #expect(
            String(decoding: text, as: UTF8.self)
                == #"{"mac":{"k":"ICEiIyQlJicoKSorLC0uLw==","r":"MDEyMzQ1Njc4OTo7PD0+Pw=="},"#
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

    @Test("random keys differ")
    func random() {
        #expect(!SealingKey.random().constantTimeEquals(.random()))
    }

    @Test("derived keys follow RFC 5869 in the documented layout")
    func derivation() throws {
        // Reckoned by an independent HKDF over HMAC-SHA256.
        let expected = Vectors.hex(
            "84bdbd51909d98bdbc246d22fdbaa4a76d8fbaa673bd91e4f1e48d05f8702af5"
                + "6773c8906877fba15769d00a7c4b77b04b21f260c6f14e2f58dd4bb7fa4ee301")
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
