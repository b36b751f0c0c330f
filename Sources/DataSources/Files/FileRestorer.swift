import Glibc
import ObjectStore

/// Brings back file trees: they are what the snapshot holds.
public struct FileRestorer: SourceRestorer {
    public let kind = SourceKind.files
    private let lane = BlockingLane(name: "files", threadCount: 1)

    /// Describes the trees that were backed up; nothing of them needs to be known.
    public init(settings: FileSettings, environment: SourceEnvironment) {}

    public func checkFiles(_ files: String) async throws -> [CheckOutcome] { [] }

    /// Moves everything in `files` to `data`, name by name, so that both must be on one file system.
    public func build(files: String, data: String, run: String) async throws {
        try await lane.run { () throws(SourceError) in
            try PlacedFiles.makeFolder(data, account: nil)
            let names = try FileRestorer.names(in: files)
            for name in names where access("\(data)/\(name)", F_OK) == 0 {
                throw SourceError(
                    .targetOccupied, "there is something already", subject: "\(data)/\(name)",
                    hint: "name an empty folder")
            }
            for name in names where rename("\(files)/\(name)", "\(data)/\(name)") != 0 {
                throw FileTree.failure("cannot place", "\(files)/\(name)")
            }
            try PlacedFiles.sync(data)
        }
    }

    public func start(data: String, run: String) async throws -> any ScratchServer {
        throw SourceError(
            .invalidSetting, "files have no server to start", subject: data, hint: "restore with --to and look at them")
    }

    public func load(files: String, into target: ServerTarget) async throws {
        throw SourceError(.invalidSetting, "files cannot be loaded into a server", subject: target.host)
    }

    private static func names(in folder: String) throws(SourceError) -> [String] {
        guard let stream = opendir(folder) else { throw FileTree.failure("cannot list", folder) }
        defer { closedir(stream) }
        var names = [String]()
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
