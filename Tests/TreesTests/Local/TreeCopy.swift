import Sealing
import Testing
import Trees

/// Copies a tree from a source to a sink by way of the JSON of its nodes, as a backup and a restore do, without a repository.
struct TreeCopy {
    let sink: any TreeSink
    private(set) var warnings: [TreeError] = []
    private(set) var failures: [TreeError] = []
    private var links: [[UInt64]: [[UInt8]]] = [:]

    init(to sink: any TreeSink) {
        self.sink = sink
    }

    /// The tree at `path`, into the root of the sink.
    mutating func run(from path: String, options: LocalSourceOptions = LocalSourceOptions()) throws {
        let source = try LocalTreeSource(paths: [Array(path.utf8)], options: options)
        var directory = try source.root()
        var top: Node?
        for name in RawPath.clean(Array(path.utf8)) {
            let entry = try #require(try directory.entries().entries.first { $0.name == name })
            top = Node(name: name, metadata: entry.metadata, details: try directory.details(of: entry))
            directory = try directory.directory(entry)
        }
        try copy(directory, [])
        if let top { warnings += try sink.finish([], top) }
    }

    private mutating func copy(_ directory: any SourceDirectory, _ path: [[UInt8]]) throws {
        let listing = try directory.entries()
        failures += listing.failures
        var builder = TreeBuilder()
        for entry in listing.entries {
            var node = Node(name: entry.name, metadata: entry.metadata, details: try directory.details(of: entry))
            if entry.metadata.kind == .directory { node.subtree = BlobID(Digest(words: (0, 0, 0, 1))) }
            builder.append(node)
        }
        #expect(builder.isAscending)
        let nodes = try TreeDecoder.decode(builder.finish()).map(\.node)
        for (node, entry) in zip(nodes, listing.entries) { try restore(node, entry, directory, path + [node.name]) }
    }

    private mutating func restore(
        _ node: Node, _ entry: SourceEntry, _ directory: any SourceDirectory, _ path: [[UInt8]]
    ) throws {
        let metadata = node.metadata
        let identity = [metadata.deviceID, metadata.inode]
        if metadata.kind != .directory, metadata.linkCount > 1 {
            if let first = links[identity] { return try sink.makeHardLink(path, to: first) }
            links[identity] = path
        }
        switch metadata.kind {
        case .directory:
            try sink.makeDirectory(path)
            try copy(try directory.directory(entry), path)
        case .file: return try restoreFile(node, try directory.open(entry), path)
        case .symlink, .blockDevice, .characterDevice, .fifo:
            warnings += try sink.makeSpecial(path, node)
            return
        case .socket: Issue.record("sockets are not listed")
        }
        warnings += try sink.finish(path, node)
    }

    private mutating func restoreFile(_ node: Node, _ file: any SourceFile, _ path: [[UInt8]]) throws {
        #expect(try file.metadata().byteCount == node.metadata.byteCount)
        var buffer = [UInt8](repeating: 0, count: 300_001)
        var count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
        if count < 100_000 {
            warnings += try sink.writeFile(path, Array(buffer[..<count]), node)
            return
        }
        let target = try sink.openFile(path, byteCount: node.metadata.byteCount)
        var offset: UInt64 = 0
        while count > 0 {
            try target.write(Array(buffer[..<count]), at: offset)
            offset += UInt64(count)
            count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
        }
        warnings += try target.finish(node)
    }
}

extension String {
    var path: [[UInt8]] { split(separator: "/").map { Array($0.utf8) } }
}
