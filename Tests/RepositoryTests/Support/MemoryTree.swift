import Chunking
import Sealing
import Trees

/// A tree of files held in memory, to back up and to compare with what a repository gives back.
indirect enum MemoryTree: Sendable, Hashable {
    case file([UInt8])
    case directory([String: MemoryTree])
    case symlink(String)

    /// Sets what is at `path` (`a/b/c`), making directories on the way; nil removes it.
    mutating func set(_ path: String, _ tree: MemoryTree?) {
        let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
        guard case .directory(var entries) = self, let first = parts.first else { return }
        if parts.count == 1 {
            entries[first] = tree
        } else {
            var below = entries[first] ?? .directory([:])
            below.set(parts[1], tree)
            entries[first] = below
        }
        self = .directory(entries)
    }

    /// All files by path.
    var files: [String: [UInt8]] {
        var found = [String: [UInt8]]()
        func visit(_ tree: MemoryTree, _ path: String) {
            switch tree {
            case .file(let bytes): found[path] = bytes
            case .symlink: break
            case .directory(let entries): for (name, entry) in entries { visit(entry, path + "/" + name) }
            }
        }
        visit(self, "")
        return found
    }

    /// A time that changes with the content, so that a changed file is read again.
    fileprivate var modified: Timestamp {
        switch self {
        case .file(let bytes):
            Timestamp(seconds: 1_700_000_000 + Int64(SHA256.digest(bytes).leadingWord & 0xFFFFFF), nanoseconds: 5)
        case .directory, .symlink: Timestamp(seconds: 1_700_000_000)
        }
    }

    fileprivate var metadata: Metadata {
        switch self {
        case .file(let bytes):
            Metadata(kind: .file, permissions: 0o644, modified: modified, byteCount: UInt64(bytes.count))
        case .directory: Metadata(kind: .directory, permissions: 0o755, modified: modified)
        case .symlink: Metadata(kind: .symlink, permissions: 0o777, modified: modified)
        }
    }
}

/// Backs a tree in memory up.
struct MemorySource: TreeSource {
    let tree: MemoryTree
    var chunking = ChunkingPolicy.files
    /// Called before a file is read: to stop, or to fail.
    var beforeReading: @Sendable (String) -> Void = { _ in }

    func root() -> any SourceDirectory { MemoryDirectory(tree, self) }
}

private final class MemoryDirectory: SourceDirectory {
    private let contents: [String: MemoryTree]
    private let source: MemorySource

    init(_ tree: MemoryTree, _ source: MemorySource) {
        if case .directory(let contents) = tree { self.contents = contents } else { contents = [:] }
        self.source = source
    }

    private func find(_ entry: SourceEntry) -> MemoryTree {
        contents[String(decoding: entry.name, as: UTF8.self)] ?? .directory([:])
    }

    func entries() -> SourceListing {
        let names = contents.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return SourceListing(
            entries: names.compactMap { name in
                contents[name].map {
                    SourceEntry(name: Array(name.utf8), metadata: $0.metadata, chunking: source.chunking)
                }
            })
    }

    func details(of entry: SourceEntry) -> NodeDetails {
        var details = NodeDetails()
        if case .symlink(let target) = find(entry) { details.linkTarget = Array(target.utf8) }
        return details
    }

    func open(_ entry: SourceEntry) -> any SourceFile {
        source.beforeReading(String(decoding: entry.name, as: UTF8.self))
        if case .file(let bytes) = find(entry) { return MemoryFile(bytes, entry.metadata) }
        return MemoryFile([], entry.metadata)
    }

    func directory(_ entry: SourceEntry) -> any SourceDirectory { MemoryDirectory(find(entry), source) }
}

private final class MemoryFile: SourceFile {
    private var rest: ArraySlice<UInt8>
    private let entry: Metadata

    init(_ bytes: [UInt8], _ entry: Metadata) {
        rest = bytes[...]
        self.entry = entry
    }

    func metadata() -> Metadata { entry }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(rest.count, buffer.count)
        buffer.copyBytes(from: rest.prefix(count))
        rest = rest.dropFirst(count)
        return count
    }
}
