import Configuration
import Glibc
import Runbooks

/// Finds and reads runbooks.
struct RunbookFolder {
    let context: CommandContext
    let global: GlobalOptions
    let options: RunbookOptions

    /// A file of the folder: a runbook, or why it is none.
    struct Entry {
        let file: String
        let runbook: Result<Runbook, any Error>
    }

    /// All files of the folder that may be runbooks, by name.
    func all() throws -> [Entry] {
        let folder = try path()
        return try names(folder).map { name in
            let file = folder + "/" + name
            return Entry(file: file, runbook: Result { try RunbookFolder.read(file) })
        }
    }

    /// The runbook of a scenario, or in a file. A path has a slash or ends with `.md`.
    func find(_ name: String) throws -> Runbook {
        if name.contains("/") || name.hasSuffix(".md") { return try RunbookFolder.read(name) }
        let entries = try all()
        let readable = entries.compactMap { try? $0.runbook.get() }  // why others are none is told when none fits
        if let found = readable.first(where: { $0.head.scenario.lowercased() == name.lowercased() }) { return found }
        // One that cannot be read is found by its file's name, so that what is wrong with it is told.
        for entry in entries {
            let file = entry.file.split(separator: "/").last ?? ""
            if file.lowercased().hasPrefix(name.lowercased() + "-") { return try entry.runbook.get() }
        }
        throw CommandError(
            .invalidArgument, "no runbook is for `\(name)`", subject: try path(),
            hint: readable.isEmpty
                ? "name its file, or the folder with --runbooks"
                : "there are: " + readable.map(\.head.scenario).joined(separator: ", "))
    }

    /// Reads one file.
    ///
    /// - Throws: `CommandError` when it cannot be read, `RunbookError` when it is none.
    static func read(_ file: String) throws -> Runbook {
        try Runbook(text: try TextFile.read(file, called: "runbook", limit: Runbook.largestByteCount), file: file)
    }

    /// `--runbooks`, else the folder beside the configuration, else that of the working directory.
    private func path() throws -> String {
        if let folder = options.runbooks { return folder }
        let candidates = ConfigurationSearch.candidates(option: global.config, environment: context.environment)
        let beside = candidates.map { candidate in
            let parts = candidate.path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            return (parts.isEmpty ? "." : parts.joined(separator: "/")) + "/runbooks"
        }
        for folder in beside + ["./runbooks"] where access(folder, R_OK | X_OK) == 0 { return folder }
        throw CommandError(
            .fileUnusable, "there is no folder of runbooks", subject: (beside + ["./runbooks"])[0],
            hint: "name it with --runbooks, or name the file itself")
    }

    private func names(_ folder: String) throws -> [String] {
        guard let directory = opendir(folder) else {
            throw CommandError.system(
                errno, "cannot read the folder of runbooks", subject: folder, hint: "name it with --runbooks")
        }
        defer { closedir(directory) }
        var names = [String]()
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".md"), name != "README.md", !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
