import Glibc
import Trees

/// Moves the files of a base into place.
struct PhysicalRestore {
    private let restorer: PostgreSQLRestorer
    private let record: SnapshotRecord

    init(_ restorer: PostgreSQLRestorer, _ record: SnapshotRecord) {
        self.restorer = restorer
        self.record = record
    }

    func build(files: String, data: String) throws {
        let base = "\(files)/data"
        guard FileTree.exists("\(base)/PG_VERSION"), FileTree.exists("\(base)/backup_label") else {
            throw SourceError(.malformedStream, "the files are no base backup", subject: base)
        }
        // `rename` puts a folder in the place of an empty one.
        try FileTree.move(base, to: data)
        // The origin's lock, and what a standby was told.
        for name in ["postmaster.pid", "postmaster.opts", "standby.signal"] { unlink("\(data)/\(name)") }
        try placeTablespaces(files: files, data: data)
        try SmallFile.write("\(data)/recovery.signal", [])
        guard chmod(data, 0o700) == 0 else { throw FileTree.failure("cannot close it to others", data) }
        if let account = restorer.account { try FileTree.give(data, to: account) }
    }

    /// The server makes the links itself, from the map, when it starts.
    private func placeTablespaces(files: String, data: String) throws {
        for name in FileTree.namesIfAny(in: "\(data)/pg_tblspc") { unlink("\(data)/pg_tblspc/\(name)") }
        if record.tablespaces.isEmpty {
            // Without tablespaces of ours a map could only lead elsewhere.
            unlink("\(data)/tablespace_map")
            return
        }
        let folder = "\(data).tablespaces"
        guard FileTree.namesIfAny(in: folder).isEmpty else {
            throw SourceError(.targetOccupied, "the folder is not empty", subject: folder)
        }
        try FileTree.makeFolder(folder)
        var map = ""
        for tablespace in record.tablespaces {
            try restorer.checkNumber(tablespace.oid)
            let place = "\(folder)/\(tablespace.oid)"
            try FileTree.move("\(files)/tablespaces/\(tablespace.oid)", to: place)
            map += "\(tablespace.oid) " + place.replacing("\\", with: "\\\\").replacing("\n", with: "\\\n") + "\n"
        }
        try SmallFile.write("\(data)/tablespace_map", Array(map.utf8))
        if let account = restorer.account { try FileTree.give(folder, to: account) }
    }
}
