import Glibc

/// Tells processes apart that were given the same number.
enum ProcessStart {
    /// When a process began, in ticks since boot; nil when it is gone or a zombie: field 22 of `/proc/<pid>/stat`.
    static func ticks(of process: Int32) -> String? {
        guard let file = fopen("/proc/\(process)/stat", "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        // The name of the program stands in parentheses and may hold anything.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }
}

extension ScratchServer {
    /// Its process is gone, or dead and not yet waited for.
    public var hasEnded: Bool { processID > 0 && ProcessStart.ticks(of: processID) == nil }
}
