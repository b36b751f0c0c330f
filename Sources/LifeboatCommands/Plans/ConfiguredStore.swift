import Configuration
import DataSources
import Sealing

/// A store of the configuration with its credentials fetched.
struct ConfiguredStore: Sendable {
    /// What the configuration says.
    let settings: StoreSettings
    /// Access key and secret; nil for what the environment says.
    let keys: (id: String, secret: String)?
    /// The password of the repository.
    let password: SecretSource

    /// Fetches the credentials; the password only when it is asked for.
    init(_ settings: StoreSettings, _ resolver: SecretResolver) async throws {
        self.settings = settings
        password = { try await resolver.value(of: settings.password) }
        if let id = settings.accessKey, let secret = settings.secretKey {
            keys = (
                ConfiguredStore.text(try await resolver.value(of: id)),
                ConfiguredStore.text(try await resolver.value(of: secret))
            )
        } else {
            keys = nil
        }
    }

    private static func text(_ secret: SecretBytes) -> String {
        secret.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}
