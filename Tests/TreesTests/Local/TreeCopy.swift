import Sealing
import Testing
import Trees

/// Copies a tree from a source to a sink by way of the JSON of its nodes, as a backup and a restore do, without a repository.
struct TreeCopy {
    let sink: LocalTreeSink
    var isSparse = false
    private(set) var warnings: [TreeError] = []
    private(set) var failures: [TreeError] = []
    private var links: [[UInt64]: [[UInt8]]] = [:]

    init(to sink: LocalTreeSink, isSparse: Bool = false) {
        self.sink = sink
        self.isSparse = isSparse
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
        if let top { warnings += try sink.finish([], node: top) }
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
        case .symlink: try sink.makeSymlink(path, target: node.details.linkTarget)
        case .blockDevice, .characterDevice: try sink.makeDevice(path, kind: metadata.kind, device: metadata.device)
        case .fifo: try sink.makeFIFO(path)
        case .socket: Issue.record("sockets are not listed")
        }
        warnings += try sink.finish(path, node: node)
    }

    private mutating func restoreFile(_ node: Node, _ file: any SourceFile, _ path: [[UInt8]]) throws {
        #expect(try file.metadata().byteCount == node.metadata.byteCount)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 300_001, alignment: 8)
        defer { buffer.deallocate() }
        var count = try file.read(into: buffer)
        if count < buffer.count, !isSparse {
            warnings += try sink.writeFile(path, UnsafeRawBufferPointer(rebasing: buffer[..<count]), node: node)
            return
        }
        let target = try sink.openFile(path, byteCount: node.metadata.byteCount, isSparse: isSparse)
        var offset: UInt64 = 0
        while count > 0 {
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            if isSparse { try target.writeSparse(piece, at: offset) } else { try target.write(piece, at: offset) }
            offset += UInt64(count)
            count = try file.read(into: buffer)
        }
        try target.setByteCount(offset)
        warnings += target.finish(node)
        try target.close()
    }
}

extension String {
    var path: [[UInt8]] { split(separator: "/").map { Array($0.utf8) } }
}
