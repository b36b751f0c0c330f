import FoundationEssentials
public import ObjectStore
import Sealing

/// Objects of ours under `lifeboat/`: JSON, sealed under a key for its kind (docs/format.md).
extension OpenRepository {
    /// Stores a value under `name`. `kind` says what it is, and is the purpose its key is derived for.
    public func storeRecord(
        _ value: some Encodable, kind: String, name: String, condition: PutCondition = .always
    ) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header = SealedObject.Header(repositoryID: config.id, kind: kind, name: name)
        let object = SealedObject(header: header, payload: Array(try encoder.encode(value)))
        let stored = try object.sealed(key: recordKey(kind))
        try await store.put(name, stored[...], digest: nil, condition: condition)
    }

    /// Reads a value; nil when nothing has that name.
    ///
    /// Throws `SealingError` when it is not the object that was asked for, `.objectDamaged` when it cannot be understood.
    public func record<Value: Decodable>(_: Value.Type, kind: String, name: String) async throws -> Value? {
        guard let stored = try await storedRecord(name) else { return nil }
        let expectation = SealedObject.Expectation(repositoryID: config.id, kind: kind, name: name)
        let object = try SealedObject.open(
            stored, expecting: expectation, key: recordKey(kind), limit: Limits.unpackedByteCount)
        do {
            return try JSONDecoder().decode(Value.self, from: Data(object.payload))
        } catch {
            throw RepositoryError(
                .objectDamaged, "the object cannot be understood", subject: describe(name),
                hint: "it may be of a newer version of lifeboat", cause: error)
        }
    }

    private func storedRecord(_ name: String) async throws -> [UInt8]? {
        do {
            return try await store.get(name)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    func recordKey(_ kind: String) -> SealingKey {
        KeyDerivation.hkdf(key, purpose: kind, repositoryID: config.id)
    }
}
