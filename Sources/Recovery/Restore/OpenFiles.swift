import FoundationEssentials
import Glibc

/// Which processes of this machine have files open below a path: who writes to it now.
enum OpenFiles {
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
