import ArgumentParser
import Glibc
import ObjectStore
import Repository
import Sealing
import Trees

struct DumpCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Write a file of a snapshot to standard output, or a directory as a tar archive.",
        discussion: """
              lifeboat dump latest /etc/fstab \
              lifeboat dump latest /srv/dump.sql | mysql \
              lifeboat dump latest /home | ssh other tar x
            """)

    @Argument(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "snapshot")) var snapshot: String
    @Argument(help: ArgumentHelp("The file or directory; / for everything.", valueName: "path")) var path: String

    @OptionGroup var filter: LatestOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        if context.output.resultsGoToTerminal, path.pathComponents.isEmpty {
            throw CommandError(
                .invalidArgument, "an archive is not written to a terminal",
                hint: "redirect it: > backup.tar, or | tar x")
        }
        try await RepositoryAccess(context: context, options: global).reading(reading) { repository in
            let entry = try await repository.findSnapshot(snapshot, filter: filter.filter)
            let tree = SnapshotTree(indexed: try await repository.indexed(), entry: entry)
            let dump = Dump(tree: tree, output: context.output)
            try await dump.run(path.pathComponents)
        }
        return .done
    }
}

/// Writes content to standard output. A reader that is slow makes `write` wait, so it is done on a thread of its own.
private struct Dump {
    private static let readsAtOnce = 4
    let tree: SnapshotTree
    let output: CommandOutput
    private let lane = BlockingLane(name: "dump", threadCount: 1)

    init(tree: SnapshotTree, output: CommandOutput) {
        self.tree = tree
        self.output = output
    }

    func run(_ path: [[UInt8]]) async throws {
        guard let node = try await tree.node(at: path) else { return try await archive(tree.entry.tree, at: []) }
        switch node.metadata.kind {
        case .file: try await content(of: node)
        case .directory:
            guard let subtree = node.subtree else { return }
            try await write(TarWriter.header(node, path: node.name))
            try await archive(subtree, at: [node.name])
        default:
            throw RepositoryError(
                .invalidArgument, "only files and directories can be dumped", subject: RawPath.printable(path),
                hint: "`lifeboat restore` brings back links and devices")
        }
    }

    private func archive(_ root: BlobID, at path: [[UInt8]]) async throws {
        var links = [LinkKey: [UInt8]]()
        try await tree.walk(root, at: path) { node, path in
            guard node.hasSafeName, node.metadata.kind != .socket else { return false }
            let name = Array(RawPath.absolute(path).dropFirst())
            if node.metadata.kind == .file, node.metadata.linkCount > 1 {
                let key = LinkKey(inode: node.metadata.inode, device: node.metadata.deviceID)
                if let first = links[key] {
                    try await write(TarWriter.header(node, path: name, hardLink: first))
                    return true
                }
                links[key] = name
            }
            try await write(TarWriter.header(node, path: name))
            if node.metadata.kind == .file {
                try await content(of: node)
                try await write(TarWriter.padding(node.metadata.byteCount))
            }
            return true
        }
        try await write(TarWriter.end)
    }

    private struct LinkKey: Hashable {
        let inode: UInt64
        let device: UInt64
    }

    /// Writes a file's bytes, which must be as many as its node says; the next few blobs are fetched meanwhile.
    private func content(of node: Node) async throws {
        var written: UInt64 = 0
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            var ready = [Int: [UInt8]]()
            var next = 0
            for number in node.content.indices {
                while next < node.content.count, next < number + Dump.readsAtOnce {
                    let (place, id) = (next, node.content[next])
                    group.addTask { (place, try await tree.indexed.blob(id, .data)) }
                    next += 1
                }
                while ready[number] == nil, let (place, bytes) = try await group.next() { ready[place] = bytes }
                guard let bytes = ready.removeValue(forKey: number) else { break }
                written += UInt64(bytes.count)
                try await write(bytes)
            }
        }
        guard written == node.metadata.byteCount else {
            throw RepositoryError(
                .treeDamaged,
                "the content of \(RawName.printable(node.name)) has \(written) bytes, its node says "
                    + "\(node.metadata.byteCount)", subject: "snapshot \(tree.entry.id.short)",
                hint: "run `lifeboat check`")
        }
    }

    private func write(_ bytes: [UInt8]) async throws {
        let output = output
        try await lane.run { try output.write(bytes) }
    }
}
