import FoundationEssentials
import Glibc

/// Which processes of this machine have files open below a path: who writes to it now.
enum OpenFiles {
    /// How long a process may go on holding files after the service was stopped.
    private static let patience = Duration.seconds(5)

    /// Each process that has files open at one of `paths`, once.
    static func holders(of paths: [String]) -> [String] {
        var found = [String]()
        for holder in paths.flatMap({ holders(of: $0) }) where !found.contains(holder) { found.append(holder) }
        return found
    }

    /// Processes that are just ending, and children of anybody between their birth and the program they become, hold files for a
    /// moment: only who still does after a while is refused.
    ///
    /// - Throws: `targetUnusable`.
    static func refuseHolders(of paths: [String], _ source: ProtectedSource) async throws {
        let clock = ContinuousClock()
        let end = clock.now + patience
        var holders = holders(of: paths)
        while !holders.isEmpty, clock.now < end {
            try await clock.sleep(for: .milliseconds(50))
            holders = self.holders(of: paths)
        }
        guard !holders.isEmpty else { return }
        throw RecoveryError(
            .targetUnusable, "somebody still has files open there: \(holders.joined(separator: ", "))",
            subject: paths.joined(separator: ", "),
            hint: source.stop == nil
                ? "set `stop:` and `start:` of the source, or stop it by hand; then run the same command again"
                : "the stop command left it running; stop it, then run the same command again")
    }

    /// `mariadbd (4711)`, each process once, without ourselves. What others do not let us see is not in it.
    static func holders(of path: String) -> [String] {
        var found = [String]()
        let own = "\(getpid())"
        for process in (try? Exchange.names(in: "/proc")) ?? [] where process != own && process.allSatisfy(\.isNumber) {
            guard isHolding("/proc/\(process)", path) else { continue }
            let name = (try? String(contentsOf: URL(filePath: "/proc/\(process)/comm"), encoding: .utf8)) ?? ""
            found.append("\(name.prefix { $0 != "\n" }) (\(process))")
        }
        return found
    }

    private static func isHolding(_ process: String, _ path: String) -> Bool {
        if target(process + "/cwd").map({ isBelow($0, path) }) == true { return true }
        let descriptors = (try? Exchange.names(in: process + "/fd")) ?? []
        return descriptors.contains { target("\(process)/fd/\($0)").map { isBelow($0, path) } ?? false }
    }

    private static func isBelow(_ file: String, _ path: String) -> Bool { file == path || file.hasPrefix(path + "/") }

    private static func target(_ link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(link, &buffer, buffer.count - 1)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
