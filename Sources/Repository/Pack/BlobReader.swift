import ObjectStore
public import Sealing
public import Trees

extension IndexedRepository {
    /// Reads a blob, from another pack when the first place it is found in is damaged.
    ///
    /// Throws `.blobMissing` when no index names it, `.blobDamaged` when none of its places gives the bytes that its ID
    /// promises.
    public func blob(_ id: BlobID, _ type: BlobType) async throws -> [UInt8] {
        let entries = table.entries(of: id, type)
        guard !entries.isEmpty else { throw missing(id, type) }
        var failure: (any Error)?
        for entry in entries {
            let place = table.place(of: entry)
            do {
                let sealed = try await windows.read(place, of: table.packs[place.pack], from: repository.store)
                return try open(sealed, id, place)
            } catch let error where !(error is CancellationError) {
                failure = failure ?? error
            }
        }
        throw failure ?? missing(id, type)
    }

    /// Opens sealed bytes read from `place` and proves that they are the blob.
    func open(_ sealed: [UInt8], _ id: BlobID, _ place: BlobPlace) throws -> [UInt8] {
        do {
            return try repository.ciphers.borrow { tools in
                try tools.blob(sealed[...], id: id, compressedFrom: place.compressedFrom)
            }
        } catch {
            let pack = repository.describe(Layout.pack(table.packs[place.pack]))
            throw RepositoryError(
                .blobDamaged, "blob \(id.short) at byte \(place.offset) is damaged: \(BlobReader.reason(error))",
                subject: pack, hint: "run `lifeboat check --read-data`, then `lifeboat repair packs`", cause: error)
        }
    }

    func missing(_ id: BlobID, _ type: BlobType) -> RepositoryError {
        RepositoryError(
            .blobMissing, "\(type.name) blob \(id.hex) is in no index", subject: repository.location,
            hint: "run `lifeboat repair index`, then `lifeboat check`")
    }

    /// Reads a directory's listing.
    public func tree(_ id: BlobID) async throws -> [DecodedNode] {
        let bytes = try await blob(id, .tree)
        return try decodeTree(bytes, id)
    }

    /// Decodes the bytes of a tree blob.
    func decodeTree(_ bytes: [UInt8], _ id: BlobID) throws(RepositoryError) -> [DecodedNode] {
        do throws(TreeError) {
            return try TreeDecoder.decode(bytes)
        } catch {
            throw RepositoryError(
                .treeDamaged, "tree \(id.short) cannot be understood: \(error.message)", subject: repository.location,
                hint: "run `lifeboat repair snapshots`, which leaves out what cannot be read", cause: error)
        }
    }
}

enum BlobReader {
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as SealingError: error.message
        case let error as RepositoryError: error.message
        case let error as StoreError: error.message
        default: "\(error)"
        }
    }
}

extension CipherPool.Tools {
    /// Opens one sealed blob, which must have the plain length that the index gives and the digest that names it.
    func blob(_ sealed: ArraySlice<UInt8>, id: BlobID, compressedFrom: UInt32) throws -> [UInt8] {
        let stored = try sealer.open(sealed)
        let plain: [UInt8]
        if compressedFrom == 0 {
            plain = stored
        } else {
            plain = try unsafe stored.withUnsafeBytes { input in
                try unsafe [UInt8](unsafeUninitializedCapacity: Int(compressedFrom)) { output, count in
                    count = try unsafe decompressor.decompress(input, into: UnsafeMutableRawBufferPointer(output))
                }
            }
        }
        let digest = unsafe plain.withUnsafeBytes { bytes in
            unsafe hasher.update(bytes)
            return hasher.finish()
        }
        guard digest == id.digest else {
            throw RepositoryError(.blobDamaged, "its bytes have the digest \(digest.hex)", subject: id.hex)
        }
        return plain
    }
}
