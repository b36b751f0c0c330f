import Chunking
import DataSources
import Recovery
import Trees

/// How much a source will give, as far as this machine can tell.
struct SourceSize: Encodable, Sendable {
    /// What was counted.
    struct Counts: Encodable, Sendable {
        var fileCount: UInt64 = 0
        var byteCount: UInt64 = 0
        var blobCount: UInt64 = 0
        var metadataByteCount: UInt64 = 0

        enum CodingKeys: String, CodingKey {
            case fileCount = "file_count"
            case byteCount = "byte_count"
            case blobCount = "blob_count"
            case metadataByteCount = "metadata_byte_count"
        }

        var cells: [String] {
            ["\(fileCount)", Units.bytes(byteCount), "\(blobCount)", Units.bytes(metadataByteCount)]
        }
    }

    /// What a node lists for a blob: its name in hexadecimal digits, between quotes, with a comma.
    private static let listedByteCount: UInt64 = 67
    /// The mean length that the cutter of files aims at.
    private static let meanBlobByteCount = 1 << 20

    let name: String
    let kind: String
    /// Nil when it cannot be told.
    var counts: Counts?
    /// Why it cannot be told.
    var why: String?

    /// Counts the files of a source. Blocks.
    static func look(at source: ProtectedSource) -> SourceSize {
        var size = SourceSize(name: source.name, kind: source.kind.rawValue)
        let (paths, options) = size.files(of: source)
        guard !paths.isEmpty else { return size }
        do throws(TreeError) {
            let tree = try LocalTreeSource(paths: paths.map { Array($0.utf8) }, options: options)
            size.counts = try count(tree.root(), options.chunking)
        } catch {
            size.why = error.code == .notFound ? "not on this machine" : error.message
        }
        return size
    }

    /// Which files are counted, and how they will be cut.
    private mutating func files(of source: ProtectedSource) -> ([String], LocalSourceOptions) {
        var options = LocalSourceOptions()
        func pages(_ isSmall: Bool) -> ChunkingPolicy { isSmall ? .smallPages : .pages }
        switch source.settings {
        case .files(let settings):
            // A pattern that is none is for the backup to refuse; here more is counted then.
            options.excludes = (try? PatternList(settings.excludes)) ?? PatternList()
            options.excludesCaches = settings.excludesCaches
            options.staysOnFileSystem = settings.staysOnFileSystem
            return (settings.paths, options)
        case .sqlite(let settings):
            options.chunking = .pages
            return ([settings.file], options)
        case .redis(let settings):
            if settings.role == .cache { why = "not backed up" }
            return (settings.role == .cache ? [] : [settings.dumpFile], options)
        case .mariadb(let settings):
            options.chunking = pages(settings.usesSmallBlocks)
            return (physical(settings.method, settings.dataFolder), options)
        case .postgresql(let settings):
            options.chunking = pages(settings.usesSmallBlocks)
            return (physical(settings.method, settings.dataFolder), options)
        }
    }

    private mutating func physical(_ method: DatabaseMethod, _ folder: String) -> [String] {
        if method == .physical { return [folder] }
        why = "known after a first dump"
        return []
    }

    private static func count(_ root: any SourceDirectory, _ policy: ChunkingPolicy) throws(TreeError) -> Counts {
        var counts = Counts()
        var open: [any SourceDirectory] = [root]
        while let directory = open.popLast() {
            let listing = try ifThere { () throws(TreeError) in try directory.entries() }
            for entry in listing?.entries ?? [] {
                switch entry.metadata.kind {
                case .directory:
                    let below = try ifThere { () throws(TreeError) in try directory.directory(entry) }
                    if let below { open.append(below) }
                case .file:
                    counts.fileCount += 1
                    counts.byteCount += entry.metadata.byteCount
                    counts.blobCount += blobCount(entry.metadata.byteCount, policy)
                default: break
                }
            }
        }
        counts.metadataByteCount = counts.blobCount * listedByteCount
        return counts
    }

    /// Nil when what is looked at has gone meanwhile, as in the data folder of a server that runs.
    private static func ifThere<Found>(_ look: () throws(TreeError) -> Found) throws(TreeError) -> Found? {
        do throws(TreeError) {
            return try look()
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// How many blobs a file gives.
    static func blobCount(_ byteCount: UInt64, _ policy: ChunkingPolicy) -> UInt64 {
        let length: Int =
            switch policy {
            case .pages: FixedCutter.blockByteCount(forFileOf: byteCount)
            case .smallPages: 16 << 10
            case .files: meanBlobByteCount
            case .dump: 16 << 10
            }
        let (blobs, rest) = byteCount.quotientAndRemainder(dividingBy: UInt64(length))
        return blobs + (rest > 0 ? 1 : 0)
    }
}
