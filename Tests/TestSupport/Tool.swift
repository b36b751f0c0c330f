import Subprocess

/// A program of this machine, run by a test.
public enum Tool {
    /// It ended with another status than zero.
    public struct Failure: Error, CustomStringConvertible {
        /// What was run, and what it said.
        public let description: String

        /// Describes a failure.
        public init(description: String) { self.description = description }
    }

    /// Runs `name` (looked up in `PATH`) with `variables` added to the environment; gives its standard output.
    public static func run(
        _ name: String, _ arguments: [String], variables: [String: String] = [:]
    ) async throws -> String {
        var changes = [Environment.Key: String?]()
        for (name, value) in variables { changes[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(changes),
            output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            let command = ([name] + arguments).joined(separator: " ")
            throw Failure(description: "\(command): \(result.terminationStatus): \(result.standardError)")
        }
        return result.standardOutput
    }

    /// A file below `Tests/Support`.
    public static func supportFile(_ name: String) -> String {
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Support/" + name
    }
}
