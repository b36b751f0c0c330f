import DataSources
import Sealing
import Settings

/// Fetches the secrets that a configuration refers to, each time they are asked for.
struct SecretResolver: Sendable {
    let environment: [String: String]

    /// How a secret is fetched. White space at its ends does not count, as in password files.
    @Sendable func source(_ reference: SecretReference) -> SecretSource {
        { try await value(of: reference) }
    }

    /// The secret itself.
    ///
    /// - Throws: `CommandError` that names the reference, never the secret.
    func value(of reference: SecretReference) async throws -> SecretBytes {
        switch reference {
        case .file(let path): return try PasswordFile.read(path)
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
