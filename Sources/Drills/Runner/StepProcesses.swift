import FoundationEssentials
import Glibc

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

    /// Ends what still runs, and returns when it has ended: nothing is ever begun beside itself.
    func end() async throws {
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
