import Chunking
import Synchronization
import Trees

/// A tree that a test makes up: names, metadata, and files whose bytes come from a function.
struct ScriptedSource: TreeSource {
    typealias Read = @Sendable (UInt64, UnsafeMutableRawBufferPointer) throws(TreeError) -> Int

    /// A file or a directory.
    indirect enum Item: Sendable {
        case file(Metadata, chunking: ChunkingPolicy = .files, Read)
        case directory(Metadata, [(name: String, item: Item)])
        /// Listed, and then it cannot be opened.
        case vanished(Metadata)

        var metadata: Metadata {
            switch self {
            case .file(let metadata, _, _), .directory(let metadata, _), .vanished(let metadata): metadata
            }
        }
    }

    let items: [(name: String, item: Item)]
    /// How many files were opened.
    let opened = Counter()

    init(_ items: [(name: String, item: Item)]) { self.items = items }

    func root() throws(TreeError) -> any SourceDirectory { ScriptedDirectory(items, opened) }

    /// Metadata with which a file is unchanged whenever it is asked.
    static func metadata(_ kind: NodeKind = .file, byteCount: UInt64 = 0, inode: UInt64 = 1) -> Metadata {
        Metadata(
            kind: kind, permissions: kind == .directory ? 0o755 : 0o644, modified: Timestamp(seconds: 1_700_000_000),
            inode: inode, byteCount: byteCount)
    }

    /// A file of these bytes.
    static func file(_ bytes: [UInt8], inode: UInt64 = 1, chunking: ChunkingPolicy = .files) -> Item {
        .file(metadata(byteCount: UInt64(bytes.count), inode: inode), chunking: chunking) { offset, room in
            let part = bytes.dropFirst(Int(offset)).prefix(room.count)
            room.copyBytes(from: part)
            return part.count
        }
    }

    /// A directory.
    static func directory(_ items: [(name: String, item: Item)]) -> Item {
        .directory(metadata(.directory, inode: 2), items)
    }
}

final class Counter: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .relaxed) }
    @discardableResult
    func add() -> Int { number.add(1, ordering: .relaxed).newValue }
}

private final class ScriptedDirectory: SourceDirectory {
    private let items: [(name: String, item: ScriptedSource.Item)]
    private let opened: Counter

    init(_ items: [(name: String, item: ScriptedSource.Item)], _ opened: Counter) {
        self.items = items.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        self.opened = opened
    }

    private func item(_ entry: SourceEntry) throws(TreeError) -> ScriptedSource.Item {
        guard let found = items.first(where: { Array($0.name.utf8) == entry.name }) else {
            throw TreeError(.notFound, "not in the script", subject: RawName.printable(entry.name))
        }
        return found.item
    }

    func entries() throws(TreeError) -> SourceListing {
        SourceListing(
            entries: items.map { name, item in
                if case .file(let metadata, let chunking, _) = item {
                    return SourceEntry(name: Array(name.utf8), metadata: metadata, chunking: chunking)
                }
                return SourceEntry(name: Array(name.utf8), metadata: item.metadata)
            })
    }

    func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails { NodeDetails() }

    func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile {
        opened.add()
        guard case .file(let metadata, _, let read) = try item(entry) else {
            throw TreeError(.notFound, "vanished", subject: RawName.printable(entry.name))
        }
        return ScriptedFile(metadata, read)
    }

    func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory {
        guard case .directory(_, let items) = try item(entry) else {
            throw TreeError(.notFound, "vanished", subject: RawName.printable(entry.name))
        }
        return ScriptedDirectory(items, opened)
    }
}

private final class ScriptedFile: SourceFile {
    private let known: Metadata
    private let source: ScriptedSource.Read
    private var offset: UInt64 = 0

    init(_ metadata: Metadata, _ read: @escaping ScriptedSource.Read) {
        known = metadata
        source = read
    }

    func metadata() throws(TreeError) -> Metadata { known }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int {
        let count = try source(offset, buffer)
        offset += UInt64(count)
        return count
    }
}
