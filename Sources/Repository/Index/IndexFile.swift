import Sealing
import Trees

/// Index files: `{"packs":[{"id":…,"blobs":[{"id":…,"type":…,"offset":…,"length":…,"uncompressed_length":…}]}]}`.
enum IndexFile {
    /// Reads an index file into `table` and gives the packs it names. A pack that `known` has with the same blobs is not
    /// added again; one that it has with other blobs is, so that nothing is lost, and noted as conflicting.
    static func read(
        _ json: [UInt8], into table: BlobTable, known: inout KnownPacks, subject: String
    ) throws(RepositoryError) -> [PackID] {
        var named = [PackID]()
        do throws(JSONError) {
            try parse(json) { (cursor) throws(JSONError) in
                let id = try readPack(&cursor, into: table)
                named.append(id)
                known.add(id, to: table)
            }
        } catch {
            throw RepositoryError(
                .indexDamaged, "the index cannot be understood at byte \(error.offset): \(error.message)",
                subject: subject,
                hint: "run `lifeboat repair index`, which writes it anew from the packs", cause: error)
        }
        return named
    }

    /// Calls `pack` before each element of `packs`.
    private static func parse(
        _ json: [UInt8], _ pack: (inout JSONCursor) throws(JSONError) -> Void
    ) throws(JSONError) {
        let result = unsafe json.withUnsafeBytes { text in
            Result { () throws(JSONError) in
                var cursor = unsafe JSONCursor(text)
                try cursor.object { (cursor, key) throws(JSONError) in
                    guard key == "packs" else { return try cursor.skipValue() }
                    if !cursor.null() { try cursor.array(pack) }
                }
                try cursor.end()
            }
        }
        try result.get()
    }

    private static func readPack(_ cursor: inout JSONCursor, into table: BlobTable) throws(JSONError) -> PackID {
        var id: PackID?
        let start = cursor.offset
        table.beginPack(PackID(Digest(words: (0, 0, 0, 0))))
        do throws(JSONError) {
            try cursor.object { (cursor, key) throws(JSONError) in
                if key == "id" {
                    id = PackID(try cursor.digest())
                } else if key == "blobs" {
                    guard !cursor.null() else { return }
                    try cursor.array { (cursor) throws(JSONError) in try readBlob(&cursor, into: table) }
                } else {
                    try cursor.skipValue()
                }
            }
            guard let id else { throw JSONError("a pack without id", at: start) }
            table.renamePack(id)
            return id
        } catch {
            table.dropPack()
            throw error
        }
    }

    private static func readBlob(_ cursor: inout JSONCursor, into table: BlobTable) throws(JSONError) {
        let start = cursor.offset
        var id: Digest?
        var type: BlobType?
        var offset: UInt32?
        var length: UInt32?
        var plain: UInt32 = 0
        try cursor.object { (cursor, key) throws(JSONError) in
            if key == "id" {
                id = try cursor.digest()
            } else if key == "type" {
                type = try readType(&cursor)
            } else if key == "offset" {
                offset = try cursor.unsigned(as: UInt32.self)
            } else if key == "length" {
                length = try cursor.unsigned(as: UInt32.self)
            } else if key == "uncompressed_length" {
                plain = try cursor.unsigned(as: UInt32.self)
            } else {
                try cursor.skipValue()
            }
        }
        guard let id, let type, let offset, let length else {
            throw JSONError("a blob without all its fields", at: start)
        }
        guard length >= UInt32(Sealer.overhead), !offset.addingReportingOverflow(length).overflow,
            plain <= Limits.blobByteCount, length <= Limits.blobByteCount
        else { throw JSONError("a blob of impossible length", at: start) }
        table.append(BlobID(id), type, offset: offset, byteCount: length, compressedFrom: plain)
    }

    private static func readType(_ cursor: inout JSONCursor) throws(JSONError) -> BlobType {
        let key = try cursor.readKey()
        if key == "data" { return .data }
        if key == "tree" { return .tree }
        throw JSONError("unknown type of blob", at: cursor.offset)
    }

    /// Writes an index file that lists packs.
    static func json(_ packs: [PackRecord]) -> [UInt8] {
        var json = [UInt8]()
        json.reserveCapacity(packs.reduce(64) { $0 + 100 + $1.blobs.count * 180 })
        json.append(contentsOf: "{\"packs\":[".utf8)
        for (number, pack) in packs.enumerated() {
            if number > 0 { json.append(UInt8(ascii: ",")) }
            json.append(contentsOf: "{\"id\":\"".utf8)
            pack.id.digest.appendHex(to: &json)
            json.append(contentsOf: "\",\"blobs\":[".utf8)
            for (number, blob) in pack.blobs.enumerated() {
                if number > 0 { json.append(UInt8(ascii: ",")) }
                append(blob, to: &json)
            }
            json.append(contentsOf: "]}".utf8)
        }
        json.append(contentsOf: "]}\n".utf8)
        return json
    }

    private static func append(_ blob: PackRecord.Blob, to json: inout [UInt8]) {
        json.append(contentsOf: "{\"id\":\"".utf8)
        blob.id.digest.appendHex(to: &json)
        json.append(
            contentsOf: "\",\"type\":\"\(blob.type.name)\",\"offset\":\(blob.offset),\"length\":\(blob.byteCount)".utf8)
        if blob.compressedFrom > 0 { json.append(contentsOf: ",\"uncompressed_length\":\(blob.compressedFrom)".utf8) }
        json.append(UInt8(ascii: "}"))
    }
}
