public import ObjectStore
public import Settings

/// Where the bucket's name goes in requests, in the words of the command line.
public enum StoreHostStyle: String, Sendable, CaseIterable {
    case auto
    case path
    case virtual

    /// The same for the store.
    public var addressStyle: S3Settings.AddressStyle {
        switch self {
        case .auto: .automatic
        case .path: .path
        case .virtual: .virtualHost
        }
    }
}

/// A repository and how it is reached.
public struct StoreSettings: Sendable, Hashable {
    /// Its name: small letters, digits, `-`.
    public var name = ""
    /// Address, as `--repo` takes it; a directory is absolute.
    public var repository: String
    /// Password of the repository.
    public var password: SecretReference
    /// Access key of an S3 store; nil for what the AWS variables and files say.
    public var accessKey: SecretReference?
    /// The secret that goes with it.
    public var secretKey: SecretReference?
    /// Region to sign for.
    public var region: String?
    /// PEM file of certificates to trust instead of the system's.
    public var caFile: String?
    /// Where the bucket's name goes.
    public var hostStyle: StoreHostStyle
    /// Who runs it.
    public var provider: String?
    /// Country its machines are in, as ISO 3166 alpha-2.
    public var country: String?

    /// What `StoreOpener` wants to know beside the address.
    public var openerOptions: StoreOpener.Options {
        var options = StoreOpener.Options()
        options.region = region
        options.certificateFile = caFile
        options.style = hostStyle.addressStyle
        return options
    }
}

extension StoreSettings {
    init(_ fields: Fields) {
        repository = fields.required(
            "repository", .storeAddress, help: "an absolute directory, or s3:https://host[:port]/bucket/prefix")
        password = fields.required("password", .secret, help: "password of the repository")
        accessKey = fields.optional(
            "access-key", .secret, help: "access key of an S3 store; AWS_* variables and files by default")
        secretKey = fields.optional("secret-key", .secret, help: "the secret that goes with the access key")
        region = fields.optional("region", .line, help: "region to sign requests for")
        caFile = fields.optional(
            "ca-file", .path, help: "PEM file of certificates to trust instead of the system's")
        let isDirectory = repository.hasPrefix("/")
        hostStyle =
            fields.optional(
                "host-style", .choice(StoreHostStyle.self), help: "where the bucket's name goes in requests",
                default: isDirectory ? nil : .auto) ?? .auto
        provider = fields.optional("provider", .line, help: "who runs the store")
        country = fields.optional("country", .country, help: "country its machines are in: two capital letters")
        if isDirectory {
            for key in ["access-key", "secret-key", "region", "ca-file", "host-style"] where fields.has(key) {
                fields.problem(key, message: "is for S3 stores, and this one is a directory", hint: "leave it out")
            }
        } else if fields.has("access-key") != fields.has("secret-key") {
            let (one, other) =
                fields.has("access-key") ? ("access-key", "secret-key") : ("secret-key", "access-key")
            fields.problem(one, message: "needs `\(other)` beside it", hint: "give both, or neither")
        }
    }
}

extension SettingKind<String> {
    /// The address of a store, which never holds a secret.
    static var storeAddress: SettingKind {
        .scalar(
            "a store's address", schema: ["type": "string", "pattern": "^(/|s3:)"], placeholder: "s3:",
            parse: { text throws(SettingRefusal) in
                do throws(StoreError) {
                    let address = try StoreAddress(text)
                    if case .directory(let path) = address, !path.hasPrefix("/") {
                        throw StoreError(
                            .invalidConfiguration, "the directory is no absolute path", subject: "",
                            hint: "begin it with `/`, or with s3: for a bucket")
                    }
                    return text
                } catch {
                    throw SettingRefusal(error.message, hint: error.hint)
                }
            }, show: { .text($0) })
    }
}
