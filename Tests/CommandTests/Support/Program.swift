import Glibc
import Subprocess
import SystemPackage

/// The program itself, as a process.
enum Program {
    /// Beside the test's own executable.
    static let path: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "/" + own.split(separator: "/").dropLast().joined(separator: "/") + "/lifeboat"
    }()

    /// Runs it to its end.
    static func run(_ arguments: [String], _ environment: [String: String], through words: [String] = []) async throws
        -> Outcome
    {
        let line = words + [path] + arguments
        let result = try await Subprocess.run(
            line[0].contains("/") ? .path(FilePath(line[0])) : .name(line[0]),
            arguments: Arguments(Array(line.dropFirst())), environment: variables(environment), input: .none,
            output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        return Outcome(
            status: status(result.terminationStatus), output: result.standardOutput, messages: result.standardError)
    }

    static func variables(_ values: [String: String]) -> Environment {
        var variables = [Environment.Key: String]()
        for (name, value) in values { variables[Environment.Key(stringLiteral: name)] = value }
        return .custom(variables)
    }

    /// The exit code, or 128 and the number of the signal, as a shell has it.
    static func status(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let number): 128 + number
        }
    }
}
