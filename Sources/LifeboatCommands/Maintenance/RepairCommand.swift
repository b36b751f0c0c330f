import ArgumentParser
import Repository
import Sealing

struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Mend what check found: index, packs or snapshots, in this order.",
        discussion: """
            Run `check --read-data` first, and keep a copy of the repository if you can. What another copy of it still holds is \
            better brought back from there. Each command has --dry-run.

              lifeboat repair index
              lifeboat repair packs 3fa9c1…
              lifeboat repair snapshots --forget
            """,
        subcommands: [RepairIndexCommand.self, RepairPacksCommand.self, RepairSnapshotsCommand.self])
}

struct RepairIndexCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Bring the index in line with the packs that are there.")

    @Flag(help: "Ask every pack what it holds, not only those in doubt.") var readAllPacks = false
    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.") var dryRun = false
    @OptionGroup var global: GlobalOptions

    private struct Result: Report {
        let repair: IndexRepair
        let isDryRun: Bool

        func encode(to encoder: any Encoder) throws { try repair.encode(to: encoder) }

        var lines: [String] {
            let rows = [
                ("damaged index files", repair.damagedIndexFiles), ("packs that are gone", repair.missingPacks),
                ("packs taken in", repair.addedPacks), ("packs corrected", repair.correctedPacks),
                ("packs that cannot be read", repair.unreadablePacks),
            ]
            let found = rows.filter { !$0.1.isEmpty }.map { "\($0.0): " + $0.1.joined(separator: " ") }
            if repair.isEmpty { return ["the index needs no repair"] }
            let end =
                "\(isDryRun ? "would replace" : "replaced") \(Units.count(repair.replacedIndexFileCount, "index file"))"
            return found + [end]
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        let repair = try await repository.locked(dryRun ? .shared : .exclusive, access.locks) { lock in
            try await repository.repairIndex(readsAllPacks: readAllPacks, isDryRun: dryRun, under: lock)
        }
        try context.output.report(Result(repair: repair, isDryRun: dryRun), global)
        return repair.unreadablePacks.isEmpty ? .done : .failed
    }
}

struct RepairPacksCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "packs", abstract: "Save what is whole in damaged packs into new ones, and delete the damaged.")

    @Argument(
        help: ArgumentHelp("IDs of packs, in full or their beginnings, as `check` names them.", valueName: "pack"))
    var packs: [String]

    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.") var dryRun = false
    @OptionGroup var global: GlobalOptions

    private struct Result: Report {
        let repairs: [PackRepair]
        let isDryRun: Bool

        func encode(to encoder: any Encoder) throws { try repairs.encode(to: encoder) }

        var lines: [String] {
            repairs.flatMap { repair -> [String] in
                let name = "pack \(repair.pack.prefix(12))"
                if repair.isMissing { return ["\(name): is not there, and is taken out of the index"] }
                let saved = "\(isDryRun ? "would save" : "saved") \(Units.count(repair.savedBlobCount, "blob"))"
                return ["\(name): \(saved), \(repair.lostBlobs.count) lost"]
                    + repair.lostBlobs.map { "  lost blob \($0)" }
            }
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        let repairs = try await repository.locked(dryRun ? .shared : .exclusive, access.locks) { lock in
            try await repository.repairPacks(try await named(in: repository), isDryRun: dryRun, under: lock)
        }
        try context.output.report(Result(repairs: repairs, isDryRun: dryRun), global)
        let hasLoss = repairs.contains { !$0.lostBlobs.isEmpty }
        if hasLoss, !global.json {
            context.output.message("hint:  run `lifeboat check`, then `lifeboat repair snapshots`")
        }
        return hasLoss ? .failed : .done
    }

    /// The packs that the arguments name; a full ID is taken as it is, for the pack may be gone.
    private func named(in repository: OpenRepository) async throws -> [PackID] {
        var ids = [PackID]()
        let stored = try await repository.list(Layout.packs).map(PackID.init)
        for text in packs {
            if let id = PackID(hex: text) {
                ids.append(id)
                continue
            }
            let found = stored.filter { !text.isEmpty && $0.hex.hasPrefix(text.lowercased()) }
            guard let first = found.first, found.count == 1 else {
                throw RepositoryError(
                    .invalidArgument,
                    found.isEmpty ? "no pack's ID begins with `\(text)`" : "\(found.count) packs begin with `\(text)`",
                    subject: "data/ of \(repository.location)", hint: "`lifeboat check --read-data` names damaged packs"
                )
            }
            ids.append(first)
        }
        return ids
    }
}

struct RepairSnapshotsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "snapshots", abstract: "Write snapshots anew without what cannot be read.",
        discussion: """
            Files lose the parts that are gone, directories that cannot be read become empty. New snapshots have the tag \
            `repaired`; with --forget the damaged ones are removed.
            """)

    @OptionGroup var filter: SnapshotFilterOptions
    @Flag(help: "Remove the snapshots that were replaced, and those of which nothing can be read.") var forget = false
    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.") var dryRun = false
    @OptionGroup var global: GlobalOptions

    private struct Result: Report {
        let repairs: [SnapshotRepair]

        func encode(to encoder: any Encoder) throws { try repairs.encode(to: encoder) }

        var lines: [String] {
            if repairs.isEmpty { return ["no snapshot needs a repair"] }
            return repairs.flatMap { repair -> [String] in
                let end =
                    repair.isLost
                    ? "nothing of it can be read"
                    : repair.replacement.map { "replaced by \($0.prefix(8))" } ?? "would be replaced"
                let gone = repair.isForgotten ? ", and removed" : ""
                return ["snapshot \(repair.snapshot.prefix(8)): \(end)\(gone)"]
                    + repair.changes.map { "  \($0.path): \($0.message)" }
            }
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        let repairs = try await repository.locked(dryRun ? .shared : .exclusive, access.locks) { lock in
            try await repository.repairSnapshots(filter: filter.filter, forgets: forget, isDryRun: dryRun, under: lock)
        }
        try context.output.report(Result(repairs: repairs), global)
        return .done
    }
}
