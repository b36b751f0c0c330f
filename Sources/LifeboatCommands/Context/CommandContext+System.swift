import Glibc
import Trees

extension CommandContext {
    /// The real world: this process, its terminal, the machine's clock.
    public static func system() -> CommandContext {
        var context = CommandContext(
            environment: variables(), output: .standard(), prompt: TerminalPrompt(), hostname: machineName(),
            user: currentUser(), processID: getpid(), now: wallTime)
        context.inputLine = StandardInput.line
        return context
    }

    @Sendable private static func wallTime() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }

    private static func variables() -> [String: String] {
        var variables = [String: String]()
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let sign = text.firstIndex(of: "="), sign != text.startIndex {
                variables[String(text[..<sign])] = String(text[text.index(after: sign)...])
            }
            next += 1
        }
        return variables
    }

    private static func machineName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func currentUser() -> User {
        let uid = geteuid()
        var name = "\(uid)"
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { memory in
            guard let base = memory.baseAddress else { return }
            if getpwuid_r(uid, &entry, base, memory.count, &found) == 0, let text = found?.pointee.pw_name {
                name = String(cString: text)
            }
        }
        return User(name: name, uid: uid, gid: getegid())
    }
}
