import ArgumentParser
import Repository
import Trees

/// How much prune tidies up, and when it deletes.
struct PruneOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Data without use that may stay in packs with data in use.", valueName: "p%|size|unlimited"))
    var maxUnused: UnusedArgument = UnusedArgument(value: .percent(5))

    @Option(help: ArgumentHelp("Copy no more than this in one run.", valueName: "size"))
    var maxRepackSize: ByteCountArgument?

    @Flag(help: "Join small packs.") var repackSmall = false
    @Flag(help: "Compress what an older format left as it was.") var repackUncompressed = false

    @Flag(help: "Delete at once what is without use, which needs the repository to itself.") var now = false

    /// The settings for the engine.
    func settings(_ context: CommandContext) -> PruneSettings {
        var settings = PruneSettings(now: context.now().rfc3339)
        settings.maxUnused = maxUnused.value
        settings.maxRepackByteCount = maxRepackSize?.value
        settings.repacksSmall = repackSmall
        settings.repacksUncompressed = repackUncompressed
        return settings
    }
}

/// How much may stay without use: `5%`, `1G`, `unlimited`.
struct UnusedArgument: ExpressibleByArgument, Equatable {
    let value: UnusedLimit

    init(value: UnusedLimit) { self.value = value }

    init?(argument: String) {
        if argument == "unlimited" {
            value = .unlimited
        } else if argument.hasSuffix("%") {
            guard let percent = Double(argument.dropLast()), (0...100).contains(percent) else { return nil }
            value = .percent(percent)
        } else {
            guard let size = ByteCountArgument(argument: argument) else { return nil }
            value = .bytes(size.value)
        }
    }

    var defaultValueDescription: String { value == .percent(5) ? "5%" : "\(value)" }
}
