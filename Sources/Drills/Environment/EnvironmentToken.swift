import FoundationEssentials

/// The word that `environment up` plants on every host and in every data folder of an environment: what has it may be broken.
public struct EnvironmentToken: Sendable, Hashable, Codable {
    /// The file's name in each folder.
    public static let fileName = ".lifeboat-environment"

    /// Random; hexadecimal.
    public let text: String

    /// A new one.
    public init() {
        var generator = SystemRandomNumberGenerator()
        text = (0..<4).map { _ in
            let number = String(UInt64.random(in: .min ... .max, using: &generator), radix: 16)
            return String(repeating: "0", count: 16 - number.count) + number
        }.joined()
    }

    /// One that was planted; nil when the text is none.
    public init?(_ text: String) {
        guard text.count == 64, text.allSatisfy({ $0.isHexDigit }) else { return nil }
        self.text = text
    }

    /// Plants it in every data folder of `environment`, over the connection of each host, and in every bucket.
    ///
    /// - Throws: `DrillError.unproven` when a folder or bucket cannot be written to.
    public func plant(in environment: DrillEnvironment, by reach: any HostReach) async throws {
        for host in environment.hosts {
            for folder in host.dataFolders {
                let outcome = await reach.run(
                    "printf %s \"$TOKEN\" >\"$FOLDER/$NAME\"", on: host.name,
                    variables: ["TOKEN": text, "FOLDER": folder, "NAME": Self.fileName], timeout: .seconds(30)
                ) { _ in }
                if let failure = outcome.failure {
                    throw DrillError(
                        .unproven, "the token could not be planted: \(failure)", subject: "\(host.name):\(folder)",
                        hint: "is the folder there, and is the host up?")
                }
            }
            guard let objects = host.objects else { continue }
            let outcome = await reach.run(
                "printf %s \"$TOKEN\" | \(objects) put \"$NAME\"", on: EnvironmentReach.here,
                variables: ["TOKEN": text, "NAME": Self.fileName], timeout: .seconds(60)
            ) { _ in }
            if let failure = outcome.failure {
                throw DrillError(
                    .unproven, "the token could not be planted: \(failure)", subject: "the bucket of \(host.name)",
                    hint: "is the store up?")
            }
        }
    }
}
