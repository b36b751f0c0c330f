import DataSources
import Sealing
import Settings

/// Fetches the secrets that a configuration refers to, each time they are asked for.
struct SecretResolver: Sendable {
    let environment: [String: String]

    /// How the secret of a source is fetched. White space at its ends does not count, as in password files. Failures are those
    /// of the source, so that its part of a recovery point tells them.
    @Sendable func source(_ reference: SecretReference) -> SecretSource {
        {
            do { return try await value(of: reference) } catch let error as CommandError {
                throw SourceError(
                    .invalidSetting, error.message, subject: error.subject, hint: error.hint, cause: error)
            }
        }
    }

    /// The secret itself.
    ///
    /// - Throws: `CommandError` that names the reference, never the secret.
    func value(of reference: SecretReference) async throws -> SecretBytes {
        switch reference {
        case .file(let path): return try PasswordFile.read(path, called: "secret file")
        case .command(let line): return try await PasswordProgram.read(line, environment: environment)
        case .env(let name):
            guard let text = environment[name] else {
                throw CommandError(
                    .passwordMissing, "the environment variable of a secret is not set", subject: name,
                    hint: "the configuration refers to it by `env: \(name)`")
            }
            let secret = PasswordText.password(in: Array(text.utf8))
            guard !secret.isEmpty else {
                throw CommandError(.passwordUnusable, "the environment variable of a secret is empty", subject: name)
            }
            return SecretBytes(secret)
        }
    }
}
