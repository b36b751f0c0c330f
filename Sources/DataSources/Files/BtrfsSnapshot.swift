import Glibc
import Synchronization

/// A read-only snapshot of a btrfs subvolume, in a hidden folder at the top of that subvolume.
///
/// Its name tells which process made it (number and start time), so that a later run removes what a killed one left behind.
struct BtrfsSnapshot: Sendable {
    static let prefix = ".lifeboat-snapshot-"
    private static let topInode: UInt64 = 256
    private static let timeout = Duration.seconds(120)
    private static let lastNumber = Atomic<UInt64>(0)

    /// The subvolume.
    let subvolume: String
    /// The snapshot.
    let path: String
    private let variables: [String: String]

    /// Is it the name of one of ours?
    static func isOurs(_ name: [UInt8]) -> Bool { name.starts(with: prefix.utf8) }

    /// The top of the subvolume that a path is in; nil when it is not on btrfs. `path` holds no symlink.
    static func subvolume(of path: String) -> String? {
        guard FileSystemKind(of: path)?.isBtrfs == true else { return nil }
        var place = path
        while true {
            var status = stat()
            guard stat(place, &status) == 0 else { return nil }
            if status.st_mode & S_IFMT == S_IFDIR, UInt64(status.st_ino) == topInode { return place }
            guard place != "/", let slash = place.lastIndex(of: "/") else { return nil }
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
    }

    /// Subvolumes directly in this one, by their paths; those under snapshots of ours left out.
    static func nested(in subvolume: String, variables: [String: String]) async throws -> [String] {
        let own = try await text(["subvolume", "show", subvolume], variables).split(separator: "\n").first ?? ""
        // The first line is the path from the top of the file system; `/` or `<FS_TREE>` where it is the top.
        let prefix = own == "/" || own.hasPrefix("<FS_TREE>") ? "" : own.trimmingSlashes + "/"
        let list = try await text(["subvolume", "list", "-o", subvolume], variables)
        return list.split(separator: "\n").compactMap { line in
            guard let mark = line.firstRange(of: " path ") else { return nil }
            var path = line[mark.upperBound...]
            if path.hasPrefix("<FS_TREE>/") { path = path.dropFirst(10) }
            guard path.hasPrefix(prefix) else { return nil }
            path = path.dropFirst(prefix.count)
            return path.hasPrefix(Self.prefix) ? nil : (subvolume == "/" ? "" : subvolume) + "/" + path
        }
    }

    /// Makes a snapshot. `name` is the source's.
    static func make(
        of subvolume: String, name: String, variables: [String: String]
    ) async throws -> BtrfsSnapshot {
        let number = lastNumber.add(1, ordering: .relaxed).newValue
        let process = getpid()
        let folder = "\(prefix)\(name)-\(process)-\(ProcessStart.ticks(of: process) ?? "0")-\(number)"
        let path = (subvolume == "/" ? "" : subvolume) + "/" + folder
        _ = try await text(["subvolume", "snapshot", "-r", subvolume, path], variables)
        return BtrfsSnapshot(subvolume: subvolume, path: path, variables: variables)
    }

    /// Removes it.
    func remove() async throws { try await BtrfsSnapshot.remove(path, variables) }

    /// Removes what processes that are gone have left in a subvolume. Gives how many there were.
    static func removeStale(in subvolume: String, variables: [String: String]) async throws -> Int {
        var count = 0
        for name in names(in: subvolume) where isOurs(Array(name.utf8)) {
            let parts = name.split(separator: "-")
            guard parts.count > 4, let process = Int32(parts[parts.count - 3]) else { continue }
            if ProcessStart.ticks(of: process) == String(parts[parts.count - 2]) { continue }
            try await remove((subvolume == "/" ? "" : subvolume) + "/" + name, variables)
            count += 1
        }
        return count
    }

    private static func remove(_ path: String, _ variables: [String: String]) async throws {
        _ = try await text(["subvolume", "delete", path], variables)
    }

    private static func text(_ arguments: [String], _ variables: [String: String]) async throws -> String {
        try await ToolCommand("btrfs", arguments, variables: variables).text(timeout: timeout)
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names = [String]()
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }
}

extension StringProtocol {
    fileprivate var trimmingSlashes: String {
        String(drop { $0 == "/" || $0 == " " }.reversed().drop { $0 == "/" || $0 == " " }.reversed())
    }

    /// The first place of a text in this one.
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
