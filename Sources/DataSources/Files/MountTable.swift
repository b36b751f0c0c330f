import Glibc

/// What is mounted where, as this process sees it: `/proc/self/mountinfo`, proc(5).
struct MountTable: Sendable {
    /// Mount points, in the order in which they were mounted.
    let points: [String]

    /// The mounts of now; nil without `/proc`.
    static func current() -> MountTable? {
        guard let file = fopen("/proc/self/mountinfo", "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return MountTable(String(decoding: bytes, as: UTF8.self))
    }

    init(_ text: String) {
        points = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 4 ? MountTable.unescape(fields[4]) : nil
        }
    }

    func isMountPoint(_ path: String) -> Bool { points.contains(path) }

    /// Mount points below a path.
    func below(_ path: String) -> [String] {
        let prefix = path == "/" ? "/" : path + "/"
        return points.filter { $0.hasPrefix(prefix) && $0 != path }
    }

    /// Spaces and the like stand as `\040`.
    private static func unescape(_ field: Substring) -> String {
        var bytes = [UInt8]()
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            if byte == 0x5C, rest.count >= 3, let code = UInt8(String(Substring(rest.prefix(3))), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
