import FoundationEssentials
import ObjectStore
public import Sealing

/// Objects of ours that form a chain: each names the digest of the one before (docs/format.md).
extension OpenRepository {
    /// Stores a value as number `sequence` of a chain, only if nothing has that name. Where a store honours no conditions, one
    /// of two that come at the same moment is lost, which the next reader notices by the chain.
    public func storeChainedRecord(
        _ value: some Encodable, kind: String, name: String, sequence: UInt64, predecessor: Digest?
    ) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header = SealedObject.Header(
            repositoryID: config.id, kind: kind, name: name, sequence: sequence, predecessor: predecessor)
        let object = SealedObject(header: header, payload: Array(try encoder.encode(value)))
        let stored = try object.sealed(key: recordKey(kind))
        try await store.put(name, stored[...], digest: nil, condition: .ifAbsent)
    }

    /// Reads number `sequence` of a chain and gives the digest that the next one names.
    ///
    /// - Throws: `SealingError` when it is not the object that was asked for, or does not follow `predecessor`.
    public func chainedRecord<Value: Decodable>(
        _: Value.Type, kind: String, name: String, sequence: UInt64, predecessor: Digest?
    ) async throws -> (value: Value, digest: Digest) {
        let stored = try await store.get(name)
        let expectation = SealedObject.Expectation(
            repositoryID: config.id, kind: kind, name: name, sequence: sequence,
            predecessor: predecessor.map { .digest($0) } ?? .none)
        let object = try SealedObject.open(
            stored, expecting: expectation, key: recordKey(kind), limit: Limits.unpackedByteCount)
        return (try JSONDecoder().decode(Value.self, from: Data(object.payload)), SHA256.digest(stored))
    }

    /// A hash of `text` that only holders of the repository's key can compute: 64 hexadecimal digits. HKDF-Expand with `purpose`
    /// and the text as its context, which is an HMAC-SHA256 over them.
    public func keyedHash(of text: String, purpose: String) -> String {
        let context = String(decoding: text.utf8.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
        let secret = KeyDerivation.secret(
            recordKey(purpose), purpose: context, repositoryID: config.id, byteCount: Digest.byteCount)
        return unsafe secret.withBytes { unsafe Digest(in: $0, at: 0).hex }
    }
}
