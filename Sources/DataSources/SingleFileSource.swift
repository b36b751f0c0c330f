import Trees

/// A tree with one file in it, and the directories on the way there, none of which needs to exist on this machine.
struct SingleFileSource: TreeSource {
    let path: [[UInt8]]
    let file: Metadata
    let details: NodeDetails
    let open: @Sendable () throws(TreeError) -> any SourceFile

    func root() throws(TreeError) -> any SourceDirectory { Directory(source: self, depth: 0) }

    private final class Directory: SourceDirectory {
        let source: SingleFileSource
        let depth: Int

        init(source: SingleFileSource, depth: Int) {
            self.source = source
            self.depth = depth
        }

        func entries() throws(TreeError) -> SourceListing {
            var metadata = source.file
            if depth + 1 < source.path.count {
                metadata.kind = .directory
                metadata.permissions = 0o755
                metadata.byteCount = 0
            }
            return SourceListing(entries: [SourceEntry(name: source.path[depth], metadata: metadata)])
        }

        func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails { source.details }

        func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile { try source.open() }

        func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory {
            Directory(source: source, depth: depth + 1)
        }
    }
}
