import Foundation
import Testing

@testable import Sealing

/// Reads the known answers beside this file.
enum Vectors {
    struct Key: Decodable {
        let encrypt_hex: String
        let mac_k_hex: String
        let mac_r_hex: String
    }
    struct Sealed: Decodable, CustomTestStringConvertible, Sendable {
        let name: String
        let plaintext_hex: String
        let nonce_hex: String
        let sealed_hex: String
        var testDescription: String { name }
    }
    struct Scrypt: Decodable, Sendable {
        let password_utf8: String
        let salt_hex: String
        let N: Int
        let r: Int
        let p: Int
        let encrypt_hex: String
        let mac_k_hex: String
        let mac_r_hex: String
    }
    struct Blob: Decodable, Sendable {
        let plaintext_hex: String
        let id: String
        let offset: Int
        let length: Int
        let uncompressed_length: Int?
    }
    struct Pack: Decodable, Sendable {
        let blobs: [Blob]
        let header_plain_hex: String
        let pack_hex: String
        let pack_id: String
    }
    struct Crypto: Decodable {
        let key: Key
        let seal: [Sealed]
        let scrypt: [Scrypt]
        let pack: Pack
    }

    static let crypto: Crypto = {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/crypto.json")
        do {
            return try JSONDecoder().decode(Crypto.self, from: Data(contentsOf: url))
        } catch {
            fatalError("crypto.json cannot be read: \(error)")
        }
    }()

    static func key() throws -> SealingKey {
        let key = crypto.key
        return try SealingKey(SecretBytes(hex(key.encrypt_hex) + hex(key.mac_k_hex) + hex(key.mac_r_hex)))
    }

    static func hex(_ text: String) -> [UInt8] {
        let digits = text.utf8.map { UInt8($0 > 0x60 ? $0 - 0x57 : $0 - 0x30) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
