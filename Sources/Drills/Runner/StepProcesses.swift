import FoundationEssentials
import Glibc

extension DrillFolder {
    /// What a script of the drill that is no step has to have among its variables: a runner that takes over from one that died in
    /// it ends it before anything else.
    public func marked(_ script: String, _ variables: [String: String] = [:]) -> [String: String] {
        variables.merging(["LIFEBOAT_STEP": StepProcesses(self).file(of: "drill-" + script, attempt: 1)]) { _, new in
            new
        }
    }
}

/// Scripts that a runner which died has left running: each wrote down its process before it began.
struct StepProcesses {
    /// A restore that is asked to end comes to a place from which it can go on.
    private static let patience = Duration.seconds(120)
    /// What every script of this machine begins with, when `LIFEBOAT_STEP` names a file: its process, and when that began.
    static let prologue = """
        if [ -n "${LIFEBOAT_STEP-}" ]; then echo "$$ $(cut -d' ' -f22 /proc/$$/stat)" >"$LIFEBOAT_STEP"; unset LIFEBOAT_STEP; fi

        """

    private let folder: String

    init(_ folder: DrillFolder) { self.folder = folder.path + "/steps" }

    /// The file for a script that is about to begin.
    func file(of step: String, attempt: Int) -> String {
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return "\(folder)/\(step).\(attempt).pid"
    }

    // MARK: Other machines

    /// What a file of a script that runs on another machine is called besides.
    private static let remoteSuffix = ".host"

    /// A script is about to begin on another machine. When this cannot be written the drill's folder is gone, and with it all else.
    static func note(_ host: String, of file: String) {
        _ = FileManager.default.createFile(
            atPath: file + remoteSuffix, contents: Data(host.utf8), attributes: [.posixPermissions: 0o600])
    }

    /// The attempts of the same step as `file` on `host` that are not known to have ended.
    static func noted(on host: String, beside file: String) -> [String] {
        // `…/steps/restore.2.pid`: the step is all before the attempt.
        let step = file.split(separator: ".", omittingEmptySubsequences: false).dropLast(2).joined(separator: ".") + "."
        let folder = file[..<(file.lastIndex(of: "/") ?? file.startIndex)]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: String(folder))) ?? []
        return names.map { "\(folder)/\($0)" }.filter { path in
            guard path.hasPrefix(step), path.hasSuffix(remoteSuffix) else { return false }
            let words = path.dropFirst(step.count).dropLast(remoteSuffix.count)
            return words.count { $0 == "." } == 1
                && (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) == host
        }.map { String($0.dropLast(remoteSuffix.count)) }.sorted()
    }

    /// It is known to have ended.
    static func forget(_ file: String) { unlink(file + remoteSuffix) }

    /// Ends what still runs, here and on other machines, and returns when it has ended: nothing is ever begun beside itself.
    ///
    /// - Throws: `DrillError.helperFailed` when a machine cannot be asked.
    func end(by reach: any HostReach) async throws {
        try await end()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasSuffix(Self.remoteSuffix) {
            let path = folder + "/" + name
            let host = (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? ""
            let file = String(path.dropLast(Self.remoteSuffix.count))
            if let why = await reach.end(file, on: host) {
                throw DrillError(
                    .helperFailed, "a step that the dead runner began may still run on \(host): \(why)", subject: path,
                    hint: "bring \(host) within reach and resume; remove this file if you know that nothing runs there")
            }
            unlink(path)
        }
    }

    /// Ends what still runs here.
    private func end() async throws {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".pid") {
            let path = folder + "/" + name
            let words = ((try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? "")
                .split { $0 == " " || $0 == "\n" }
            if words.count == 2, let process = Int32(words[0]), process > 1 {
                try await end(process, began: String(words[1]))
            }
            unlink(path)
        }
    }

    private func end(_ process: Int32, began: String) async throws {
        let limit = ContinuousClock.now + Self.patience
        guard began == Self.beginning(of: process) else { return }
        kill(-process, SIGTERM)
        // The shell goes first; what it waited for is in its group.
        while kill(-process, 0) == 0 {
            if ContinuousClock.now > limit { kill(-process, SIGKILL) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// When a process began, in ticks since the machine did; nil when there is none, or it only waits to be reaped.
    private static func beginning(of process: Int32) -> String? {
        guard let stat = try? String(contentsOf: URL(filePath: "/proc/\(process)/stat"), encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }
}
