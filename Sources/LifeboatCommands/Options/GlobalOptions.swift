import ArgumentParser
import ObjectStore

/// What every command takes. Written before or behind the command's name.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file (env LIFEBOAT_CONFIG; default: ./lifeboat.yaml, else /etc/lifeboat/lifeboat.yaml).",
            valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var config: String?

    @Option(
        name: [.short, .customLong("repo")],
        help: ArgumentHelp(
            "The repository: a directory, or s3:https://host[:port]/bucket/prefix (env LIFEBOAT_REPOSITORY).",
            valueName: "address"),
        completion: .directory)
    var repository: String?

    @Option(
        name: [.short, .customLong("password-file")],
        help: ArgumentHelp(
            "File that holds the password, readable by you alone (env LIFEBOAT_PASSWORD_FILE).", valueName: "file"),
        completion: .file())
    var passwordFile: String?

    @Option(
        help: ArgumentHelp("Program that prints the password (env LIFEBOAT_PASSWORD_COMMAND).", valueName: "command"))
    var passwordCommand: String?

    @Option(
        help: ArgumentHelp(
            "Store of the configuration (default: the plan's, or the only one). --repo comes before it.",
            valueName: "name"))
    var store: String?

    @Flag(help: "Print results as JSON on standard output, and an error as one JSON object on standard error.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    @Flag(help: "Say more: the causes of an error, what tools of databases say as they work.")
    var verbose = false

    @Option(
        help: ArgumentHelp("How long to wait for a lock that another holds: 30s, 10m, 1h30m.", valueName: "duration"))
    var retryLock: DurationArgument = .zero

    @OptionGroup var cache: CacheOptions
    @OptionGroup var server: ServerOptions
}

/// Where copies of indexes and trees are kept on this machine.
struct CacheOptions: ParsableArguments {
    @Flag(help: "Keep no copies of indexes and trees on this machine.")
    var noCache = false

    @Option(
        help: ArgumentHelp(
            "Where to keep them (default: $XDG_CACHE_HOME/lifeboat, else ~/.cache/lifeboat).", valueName: "dir"),
        completion: .directory)
    var cacheDir: String?
}

/// How an S3 server is spoken to. Credentials come from `AWS_*` variables or the shared credentials file.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "PEM file of certificates to trust instead of the system's (env LIFEBOAT_CA_FILE, AWS_CA_BUNDLE).",
            valueName: "file"),
        completion: .file())
    var caFile: String?

    @Option(help: ArgumentHelp("Where the bucket's name goes in requests.", valueName: "auto|path|virtual"))
    var hostStyle: HostStyle = .auto

    @Option(help: ArgumentHelp("Region to sign requests for (env AWS_REGION, AWS_DEFAULT_REGION).", valueName: "name"))
    var region: String?

    @Option(help: ArgumentHelp("Profile in the shared credentials file (env AWS_PROFILE).", valueName: "name"))
    var profile: String?
}

/// Where the bucket's name goes in requests.
enum HostStyle: String, ExpressibleByArgument, CaseIterable {
    case auto
    case path
    case virtual
}

/// For commands that only read.
struct ReadingOptions: ParsableArguments {
    @Flag(
        help: "Take no lock. For repositories that cannot be written to; a prune at the same time may disturb reading.")
    var noLock = false
}
