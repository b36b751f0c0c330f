import Configuration
import Glibc

/// Finds and reads the configuration that the options and the environment name.
struct ConfigurationAccess {
    let context: CommandContext
    let options: GlobalOptions

    /// Reads it.
    ///
    /// - Throws: `CommandError` when there is none or it cannot be trusted, `SettingsError` with all problems in it.
    func load() async throws -> LifeboatConfiguration {
        let file = try ConfigurationFile.find(
            ConfigurationSearch.candidates(option: options.config, environment: context.environment))
        let resolver = SecretResolver(environment: context.environment)
        return try LifeboatConfiguration(
            text: file.text, file: file.path, hostname: context.hostname, resolve: resolver.source)
    }
}

/// The file on disk.
struct ConfigurationFile {
    let path: String
    let text: String

    /// Reads the first candidate that is there.
    static func find(_ candidates: [ConfigurationSearch.Candidate]) throws -> ConfigurationFile {
        for candidate in candidates {
            if let text = try read(candidate.path, isRequired: candidate.isRequired) {
                return ConfigurationFile(path: candidate.path, text: text)
            }
        }
        throw CommandError(
            .configurationMissing, "there is no configuration",
            subject: candidates.map(\.path).joined(separator: ", "),
            hint: "name it with --config or LIFEBOAT_CONFIG; `lifeboat config example` prints one to begin with")
    }

    /// Nil when it is not there and need not be.
    static func read(_ path: String, isRequired: Bool) throws -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT, !isRequired { return nil }
            throw CommandError(
                errno == ENOENT ? .configurationMissing : .configurationUnusable,
                "cannot open the configuration: \(systemMessage(errno))", subject: path,
                hint: errno == ENOENT
                    ? "check the path; `lifeboat config example` prints a file to begin with"
                    : "check its owner and mode")
        }
        defer { close(descriptor) }
        try refuseForeign(descriptor, path)
        guard let text = String(validating: try bytes(descriptor, path), as: UTF8.self) else {
            throw CommandError(
                .configurationUnusable, "the configuration is no text in UTF-8", subject: path,
                hint: "is it the right file?")
        }
        return text
    }

    /// Its commands run as whoever runs us, so nobody else may have written it.
    private static func refuseForeign(_ descriptor: Int32, _ path: String) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw CommandError.system(errno, "cannot look at the configuration", subject: path)
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            throw CommandError(.configurationUnusable, "the configuration is a directory", subject: path)
        }
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw CommandError(
                .configurationUnusable, "the configuration belongs to user \(status.st_uid), neither root nor you",
                subject: path, hint: "it holds commands that would run as you: read it, then copy it")
        }
        guard status.st_mode & S_IFMT != S_IFREG || status.st_mode & 0o022 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw CommandError(
                .configurationUnusable, "the configuration can be changed by others (mode \(mode))", subject: path,
                hint: "it holds commands that run as you: read it, then run `chmod go-w \(ShellWords.quoted(path))`")
        }
    }

    private static func bytes(_ descriptor: Int32, _ path: String) throws -> [UInt8] {
        // One byte more than there may be, so that the reader of the text can tell that it is too long.
        var bytes = [UInt8](repeating: 0, count: LifeboatConfiguration.largestByteCount + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw CommandError.system(errno, "cannot read the configuration", subject: path) }
            if got == 0 { break }
            count += got
        }
        guard count < bytes.count else {
            throw CommandError(
                .configurationUnusable, "the configuration is larger than 1 MiB", subject: path,
                hint: "is it the right file?")
        }
        return Array(bytes[..<count])
    }
}
