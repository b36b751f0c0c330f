/// The physical replication slot that keeps log on the server until it has been received.
struct WALSlot {
    let name: String

    /// Slots are named with small letters, digits and `_`, 63 at most; what does not fit is told apart by a hash.
    init(source: String) {
        let plain = source.lowercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? String(character) : "_"
        }.joined()
        let isExact = plain == source && source.utf8.count <= 40
        var hash: UInt32 = 2_166_136_261
        for byte in source.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        name = "lifeboat_" + plain.prefix(40) + (isExact ? "" : "_\(String(hash, radix: 16))")
    }

    /// Makes it where it is missing, and anew where the server has given up keeping log for it.
    func prepare(_ server: PostgreSQLServer) async throws {
        let rows = try await server.client.rows(
            "SELECT slot_type, coalesce(wal_status, ''), active FROM pg_replication_slots WHERE slot_name = '\(name)'")
        if let row = rows.first {
            guard row[0] == "physical" else {
                throw SourceError(
                    .invalidSetting, "the replication slot \(name) is a logical one", subject: server.client.name,
                    hint: "SELECT pg_drop_replication_slot('\(name)')")
            }
            guard row[1] == "lost", row[2] == "f" else { return }
            _ = try await server.client.rows("SELECT pg_drop_replication_slot('\(name)')")
        }
        _ = try await server.client.rows("SELECT pg_create_physical_replication_slot('\(name)', true)")
    }
}
