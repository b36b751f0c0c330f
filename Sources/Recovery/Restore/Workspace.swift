import DataSources
import FoundationEssentials
import Glibc
import ObjectStore

/// Folders for bringing back one source: the files of its snapshot, what is built from them, and a short one for sockets.
struct Workspace: Sendable, Codable, Hashable {
    /// Where the snapshot is restored.
    let files: String
    /// What is built.
    let data: String
    /// Sockets, logs, pid files; short, since a socket's path has at most 107 bytes.
    let run: String
    /// The folder above `files` and `data` when both are in one of ours; else empty.
    let base: String

    /// Where the log is fetched to.
    var log: String { base.isEmpty ? data + "-log" : base + "/log" }

    /// A workspace in a new folder below the state folder.
    static func scratch(in context: RecoveryContext, source: ProtectedSource) throws -> Workspace {
        let parent = context.stateFolder + "/scratch"
        try StateFolder.make(parent)
        if source.kind != .files, source.kind != .sqlite, let closed = closedFolder(on: parent) {
            throw RecoveryError(
                .targetUnusable, "the account of a server could not get to its data: others may not pass through",
                subject: closed,
                hint: "run `chmod o+x \(closed)`, or choose another folder with `state:` in lifeboat.yaml")
        }
        let base = try makeFolder(parent + "/\(source.name)-XXXXXX", mode: 0o711)
        let run = try makeRunFolder(context.environment.temporaryFolder)
        return Workspace(files: base + "/files", data: base + "/data", run: run, base: base)
    }

    /// A workspace beside a live path, on its file system.
    static func beside(_ live: String, new: String, temporaryFolder: String) throws -> Workspace {
        let run = try makeRunFolder(temporaryFolder)
        return Workspace(files: new + "-files", data: new, run: run, base: "")
    }

    /// Where TMPDIR is a private folder, another account could not get to its socket: then it is `/tmp`.
    private static func makeRunFolder(_ temporaryFolder: String) throws -> String {
        let folder = closedFolder(on: temporaryFolder) == nil ? temporaryFolder : "/tmp"
        return try makeFolder(folder + "/lifeboat-XXXXXX", mode: 0o711)
    }

    /// The first folder on the way to `path`, itself included, that others may not pass through; nil when there is none, or
    /// when servers run as our own account.
    private static func closedFolder(on path: String) -> String? {
        guard SystemAccount.canChange else { return nil }
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            var status = stat()
            if stat(made, &status) == 0, status.st_mode & 0o001 == 0 { return made }
        }
        return nil
    }

    private static func makeFolder(_ template: String, mode: mode_t) throws -> String {
        var name = Array(template.utf8CString)
        guard name.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
            throw RecoveryError.system(errno, "cannot make a folder", template)
        }
        let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard chmod(path, mode) == 0 else { throw RecoveryError.system(errno, "cannot set the mode", path) }
        return path
    }

    /// Removes everything but what was built.
    func removeFiles() async { await Workspace.remove([files, run, log]) }

    /// Removes everything.
    func removeAll() async { await Workspace.remove([files, data, run, log, base].filter { !$0.isEmpty }) }

    static func remove(_ paths: [String]) async {
        await PointRestore.lane.run {
            // What cannot be removed is in a folder of ours that says so by its name; the restore has said what it had to say.
            for path in paths { try? FileManager.default.removeItem(atPath: path) }
        }
    }
}
