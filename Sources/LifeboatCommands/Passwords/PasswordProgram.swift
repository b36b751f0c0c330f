import DataSources
import Sealing
import Subprocess
import SystemPackage

/// A program that prints the password, such as a password manager.
enum PasswordProgram {
    /// Runs it, without a shell; its standard error goes where ours goes, so that it may ask for what it needs.
    static func read(_ commandLine: String, environment: [String: String]) async throws -> SecretBytes {
        guard let words = ShellWords.split(commandLine), let program = words.first else {
            throw CommandError(
                .passwordCommandFailed, "the password command is no command line", subject: commandLine,
                hint: "a quote may be missing at its end")
        }
        let output = try await run(program, Array(words.dropFirst()), environment)
        let password = PasswordText.password(in: output)
        guard !password.isEmpty else {
            throw CommandError(.passwordUnusable, "the password command printed no password", subject: program)
        }
        return SecretBytes(password)
    }

    private static func childEnvironment(_ variables: [String: String]) -> Environment {
        var values = [Environment.Key: String]()
        for (name, value) in ChildEnvironment.filtered(variables) {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        return .custom(values)
    }

    private static func run(
        _ program: String, _ arguments: [String], _ environment: [String: String]
    ) async throws -> [UInt8] {
        do {
            let result = try await Subprocess.run(
                program.contains("/") ? .path(FilePath(program)) : .name(program), arguments: Arguments(arguments),
                environment: childEnvironment(environment), input: .none,
                output: .bytes(limit: PasswordFile.largestByteCount), error: .currentStandardError)
            guard result.terminationStatus.isSuccess else {
                throw CommandError(
                    .passwordCommandFailed, "the password command failed: \(result.terminationStatus)", subject: program
                )
            }
            return result.standardOutput
        } catch let error as SubprocessError {
            throw CommandError(
                .passwordCommandFailed, "the password command cannot be run: \(error)", subject: program,
                hint: "is it installed, and in PATH?", cause: error)
        }
    }
}
