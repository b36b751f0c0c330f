import Glibc

/// What the AWS conventions tell us: a key, and settings that the address leaves open.
struct AWSProfile {
    let accessKey: AccessKey
    let region: String?
    let certificateFile: String?

    /// The largest file that is read; real ones have a few hundred bytes.
    private static let largestFile = 1 << 20

    /// Looks into the variables, then into `~/.aws/credentials` and `~/.aws/config`.
    init(_ environment: StoreEnvironment, subject: String) throws(StoreError) {
        let files = try Files(environment, subject: subject)
        if let id = environment["AWS_ACCESS_KEY_ID"] {
            guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
                throw AWSProfile.missing("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not", subject)
            }
            accessKey = AccessKey(id: id, secret: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
        } else {
            accessKey = try files.key(subject: subject)
        }
        // They become header lines; a control character in one would begin another.
        let parts = Array((accessKey.id + (accessKey.sessionToken ?? "")).utf8)
        guard parts.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw AWSProfile.missing("the access key or the session token has characters that none has", subject)
        }
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? files.value("region")
        certificateFile = environment["AWS_CA_BUNDLE"] ?? files.value("ca_bundle")
    }

    private static func missing(_ what: String, _ subject: String, hint: String? = nil) -> StoreError {
        let usual = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to ~/.aws/credentials"
        return StoreError(.credentialsMissing, what, subject: subject, hint: hint ?? usual)
    }

    /// Both files, and the profile in use.
    private struct Files {
        let profile: String
        let isNamed: Bool
        let credentials: [String: String]
        let config: [String: String]
        let path: String?

        init(_ environment: StoreEnvironment, subject: String) throws(StoreError) {
            profile = environment["AWS_PROFILE"] ?? "default"
            isNamed = environment["AWS_PROFILE"] != nil
            let folder = environment.homeFolder.map { "\($0)/.aws" }
            path = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? folder.map { "\($0)/credentials" }
            // A key in the variables makes the file of secrets unneeded, so its state does not matter then.
            let text =
                environment["AWS_ACCESS_KEY_ID"] != nil ? nil : try AWSProfile.read(path, isSecret: true, subject)
            credentials = INIFile(text ?? "")[profile] ?? [:]
            let second = environment["AWS_CONFIG_FILE"] ?? folder.map { "\($0)/config" }
            let file = INIFile(try AWSProfile.read(second, isSecret: false, subject) ?? "")
            config = file[profile == "default" ? "default" : "profile \(profile)"] ?? [:]
        }

        func value(_ name: String) -> String? { config[name] ?? credentials[name] }

        func key(subject: String) throws(StoreError) -> AccessKey {
            let place = credentials["aws_access_key_id"] != nil ? credentials : config
            guard let id = place["aws_access_key_id"], let secret = place["aws_secret_access_key"] else {
                let what =
                    isNamed
                    ? "the profile \(profile) has no access key in \(path ?? "any file")"
                    : "there is no access key in the environment, nor in \(path ?? "any file")"
                throw AWSProfile.missing(what, subject)
            }
            return AccessKey(id: id, secret: secret, sessionToken: place["aws_session_token"])
        }
    }

    /// Reads a file; nil when it is not there. One that holds secrets must be its owner's alone.
    private static func read(_ path: String?, isSecret: Bool, _ subject: String) throws(StoreError) -> String? {
        guard let path else { return nil }
        guard let file = Descriptor(retryingInterrupts { unsafe open(path, O_RDONLY | O_CLOEXEC) }) else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw missing("\(path) cannot be read: \(SystemFailure.text(of: errno))", subject)
        }
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            (0...largestFile).contains(Int(status.st_size))
        else { throw missing("\(path) is no file of credentials", subject) }
        guard !isSecret || status.st_mode & 0o077 == 0 else {
            throw missing("\(path) can be read by others than its owner", subject, hint: "chmod 600 \(path)")
        }
        let number = file.number
        let size = Int(status.st_size)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            let base = buffer.baseAddress
            filled = max(0, retryingInterrupts { unsafe pread(number, base, size, 0) })
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
