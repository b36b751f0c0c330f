import Foundation
import Testing

@testable import Sealing

@Suite struct KeyFileTests {
    static let quick = ScryptParameters(n: 2, r: 8, p: 1)
    static let password = SecretBytes("correct horse".utf8)

    static func keyFile(for key: SealingKey = .random()) throws -> KeyFile {
        try KeyFile.make(
            password: password, key: key, parameters: quick, created: "2026-01-01T00:00:00Z", username: "u",
            hostname: "h")
    }

    @Test("scrypt gives the keys restic derives", arguments: Vectors.crypto.scrypt)
    func knownAnswers(vector: Vectors.Scrypt) throws {
        let parameters = ScryptParameters(n: vector.N, r: vector.r, p: vector.p)
        let key = try parameters.derive(
            password: SecretBytes(vector.password_utf8.utf8), salt: Vectors.hex(vector.salt_hex))
        #expect(key.copy() == Vectors.hex(vector.encrypt_hex + vector.mac_k_hex + vector.mac_r_hex))
    }

    @Test("the key file of the sample repository opens to its master key")
    func sample() throws {
        let key = try KeyFile(json: [UInt8](SampleKey.json.utf8)).open(password: SecretBytes(SampleKey.password.utf8))
        #expect(String(decoding: key.json().copy(), as: UTF8.self) == SampleKey.masterKey)
    }

    @Test("a key file of ours survives its JSON form and opens again")
    func roundTrip() throws {
        let key = SealingKey.random()
        let file = try Self.keyFile(for: key)
        let read = try KeyFile(json: try file.encoded())
        #expect(read == file)
        #expect(read.salt.count == 64)
        #expect(try read.open(password: Self.password).constantTimeEquals(key))
        #expect(try file.encoded() != Self.keyFile(for: key).encoded(), "salt and nonce are drawn anew")
    }

    @Test("a wrong password and a damaged key look the same")
    func wrongPassword() throws {
        let file = try Self.keyFile()
        let error = failure { () throws(SealingError) in try file.open(password: SecretBytes("correct house".utf8)) }
        #expect(error?.code == .wrongPassword)
        let damaged = KeyFile(
            created: nil, username: nil, hostname: nil, parameters: file.parameters, salt: file.salt,
            data: file.data.reversed())
        #expect(
            failure { () throws(SealingError) in try damaged.open(password: Self.password) }?.code == .wrongPassword)
    }

    @Test("an empty password makes no key file")
    func emptyPassword() {
        let error = failure { () throws(SealingError) in
            try KeyFile.make(
                password: SecretBytes([]), key: .random(), parameters: Self.quick, created: "", username: "",
                hostname: "")
        }
        #expect(error?.code == .emptyPassword)
    }

    static let excessive: [(Int, Int, Int)] = [
        (0, 8, 1), (1, 8, 1), (3, 8, 1), (-2, 8, 1), (1 << 23, 1, 1), (1 << 22, 8, 1), (1 << 20, 16, 1),
        (1 << 15, 8, 1000),
        (1 << 15, 0, 1), (1 << 15, 8, 0), (1 << 15, -8, 1), (1 << 62, 1 << 40, 1), (2, .max, 1), (2, 1, .max),
        (1 << 20, 1, 1),
    ]

    @Test("parameters beyond our bounds are refused before any work, and not as a wrong password", arguments: excessive)
    func excessiveParameters(n: Int, r: Int, p: Int) throws {
        let json = try String(decoding: Self.keyFile().encoded(), as: UTF8.self)
            .replacing(#""N":2,"#, with: #""N":\#(n),"#).replacing(#""r":8,"#, with: #""r":\#(r),"#)
            .replacing(#""p":1,"#, with: #""p":\#(p),"#)
        let error = failure { () throws(SealingError) in try KeyFile(json: [UInt8](json.utf8)) }
        #expect(error?.code == .excessiveParameters)
    }

    @Test("what restic and rustic write by themselves is within bounds")
    func usualParameters() throws {
        for parameters in [ScryptParameters.secretFile, .init(n: 1 << 15, r: 8, p: 10), .init(n: 1 << 17, r: 8, p: 1)] {
            #expect(failure { () throws(SealingError) in try parameters.check() } == nil)
        }
    }

    @Test(
        "what is no key file is refused as such",
        arguments: [
            (#""kdf":"scrypt""#, #""kdf":"argon2""#), (#""salt":""#, #""salt":"AAAA"#), (#""salt":""#, #""salt":"*"#),
            (#""N":2"#, #""N":2.5"#), (#""N":2"#, #""N":18446744073709551616"#), (#""N":2"#, #""M":2"#),
            (#""data":""#, #""data":"%"#),
            (#""data":""#, #""data":"AAAA","other":""#), ("{", "["), ("}", ""),
        ])
    func malformed(text: String, replacement: String) throws {
        let json = try String(decoding: Self.keyFile().encoded(), as: UTF8.self)
        let broken = json.replacing(text, with: replacement)
        try #require(broken != json)
        let error = failure { () throws(SealingError) in try KeyFile(json: [UInt8](broken.utf8)) }
        #expect(error?.code == .malformedKeyFile)
    }

    @Test("a key file without names and date, and with fields of others, is read")
    func tolerant() throws {
        let file = try KeyFile(json: [UInt8](SampleKey.json.utf8))
        let json = SampleKey.json.replacing(
            #""created":"2026-01-01T00:00:00Z","username":"u","hostname":"h","#, with: ""
        )
        .replacing("{", with: #"{"label":{"a":[1]},"#)
        try #require(json != SampleKey.json)
        let bare = try KeyFile(json: [UInt8](json.utf8))
        #expect(bare.created == nil && bare.username == nil && bare.hostname == nil)
        #expect(bare.data == file.data)
    }

    static let speeds: [(Duration, Int)] = [
        (.milliseconds(50), 10), (.milliseconds(500), 1), (.seconds(3), 1), (.zero, 64), (.milliseconds(100), 5),
    ]

    @Test("calibration fills the time with rounds, within 60 MiB and never below the secret file's", arguments: speeds)
    func calibration(once: Duration, rounds: Int) throws {
        let chosen = try ScryptParameters.calibrated(for: .milliseconds(500)) { (_) throws(SealingError) in once }
        #expect(chosen == ScryptParameters(n: 1 << 15, r: 8, p: rounds))
        #expect(chosen.byteCount <= 60 << 20)
        try chosen.check()
    }

    @Test("calibration with a real clock gives parameters that take about as long")
    func realCalibration() throws {
        let chosen = try ScryptParameters.calibrated(for: .milliseconds(100), clock: ContinuousClock())
        print("calibrated for 100 ms: \(chosen)")
        #expect(chosen.n == 1 << 15 && chosen.p >= 1)
    }
}
