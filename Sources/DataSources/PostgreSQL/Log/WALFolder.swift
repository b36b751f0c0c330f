import Glibc

/// A folder that pg_receivewal writes to.
struct WALFolder {
    /// A hidden file with the name of the first file that was asked for: histories of older timelines come along unasked.
    private static let firstName = ".first"
    /// How often it is looked again when files moved under our eyes.
    private static let attempts = 5

    let path: String

    /// Makes pg_receivewal begin with the segment `segment`, whatever its slot says: it goes on with the newest file that it finds,
    /// and an empty one that is not complete it begins anew. `first` is the first of the files that `files` gives.
    func begin(segment: WALFileName, first: WALFileName) throws {
        try SmallFile.write("\(path)/\(WALFolder.firstName)", Array("\(first)".utf8))
        try SmallFile.write("\(path)/\(segment).partial", [])
    }

    /// The log files in it, in order. A file can lose its `.partial` between this look and the opening: then look again.
    func files() throws -> [LogFile] {
        for _ in 0..<WALFolder.attempts {
            if let files = look() { return files }
        }
        throw SourceError(.suspectContent, "a segment is missing between two others", subject: path)
    }

    /// What is there; nil when a file was not where it should be, since it was just renamed.
    private func look() -> [LogFile]? {
        let first = (try? SmallFile.read("\(path)/\(WALFolder.firstName)")).map {
            String(decoding: $0, as: UTF8.self)
        }
        var found = [String: Bool]()
        for entry in FileTree.namesIfAny(in: path) {
            let isPartial = entry.hasSuffix(".partial")
            let name = isPartial ? String(entry.dropLast(8)) : entry
            guard let parsed = WALFileName(name), parsed.isSegment || !isPartial, name >= first ?? "" else { continue }
            // Seen under both names it has just been completed.
            found[name] = isPartial && found[name] != false
        }
        // A history comes first, but after the empty segment that we made: until it is there, nothing is.
        if let first, WALFileName(first)?.isSegment == false, found[first] == nil { return [] }
        let names = found.keys.sorted()
        let files = names.map { name in
            let isPartial = found[name] == true
            return LogFile(
                name: name, path: isPartial ? "\(path)/\(name).partial" : "\(path)/\(name)",
                isComplete: !isPartial || name != names.last)
        }
        guard files.allSatisfy({ FileTree.exists($0.path) }) else { return nil }
        for (one, next) in zip(names, names.dropFirst()) {
            if let one = WALFileName(one), let next = WALFileName(next), !one.isFollowed(by: next) { return nil }
        }
        return files
    }
}
