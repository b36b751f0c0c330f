import ArgumentParser
import DataSources
import Repository
import Trees

struct BackupCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Save files, databases, or what a program prints, as a snapshot.",
        usage: """
            lifeboat backup <plan> [<options>]
            lifeboat backup --path <path> … [--sqlite <file>] … [<options>]
            lifeboat backup --stdin-from-command --stdin-filename <name> [<options>] -- <command> …
            """,
        discussion: """
            With the name of a plan of lifeboat.yaml all its sources become one recovery point: databases first, then files.
            Without one, what is named here becomes a snapshot.

              lifeboat backup nightly

            Unchanged files are taken over from the newest snapshot of the same host and paths; only what is new is stored.

              lifeboat backup <plan> [<options>]
            lifeboat backup --path /home --path /etc --exclude '*.tmp' --exclude-caches
              lifeboat backup <plan> [<options>]
            lifeboat backup --path /srv/app --sqlite /srv/app/app.db
              lifeboat backup --stdin-from-command --stdin-filename db.sql -- pg_dumpall

            --sqlite makes a consistent copy while the database is in use, and saves it under the database's own path.
            --stdin-from-command makes no snapshot when the program fails. Neither gets to see passwords or AWS_* variables.
            Exit code 3: the snapshot was made, but some files could not be read and are not in it. Exit code 6: the recovery
            point was made, but one of its sources failed; it says so and never looks whole.
            """)

    @Argument(help: ArgumentHelp("Plan of the configuration.", valueName: "plan")) var planName: String?

    @OptionGroup(title: "A plan") var plan: PlanBackupOptions
    @OptionGroup(title: "What to back up") var files: FileOptions
    @OptionGroup(title: "What to leave out") var excludes: ExcludeOptions
    @OptionGroup(title: "Output of a program") var program: ProgramOptions
    @OptionGroup(title: "The snapshot") var naming: SnapshotNaming
    @OptionGroup(title: "How to store") var storing: StoringOptions

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if planName != nil {
            guard files.path.isEmpty, files.sqlite.isEmpty, !program.stdinFromCommand, program.command.isEmpty else {
                throw ValidationError(
                    "a plan says what is backed up; leave --path, --sqlite and --stdin-from-command out")
            }
            return
        }
        if program.stdinFromCommand {
            guard files.path.isEmpty, files.sqlite.isEmpty else {
                throw ValidationError("--stdin-from-command takes neither --path nor --sqlite")
            }
            guard !program.command.isEmpty else { throw ValidationError("give the program behind --: -- CMD ARG …") }
        } else if files.path.isEmpty, files.sqlite.isEmpty {
            throw ValidationError("nothing to back up: name a plan, or give --path, --sqlite or --stdin-from-command")
        } else if !program.command.isEmpty {
            throw ValidationError("a program behind -- needs --stdin-from-command")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        if let planName { return try await PlanBackup(command: self, context: context).run(planName) }
        let run = BackupRun(command: self, context: context)
        let began = ContinuousClock.now
        let result = program.stdinFromCommand ? try await run.program() : try await run.files()
        let report = BackupReport(result, duration: began.duration(to: .now), isDryRun: files.dryRun)
        try context.output.report(report, global)
        guard result.failureCount > 0 else { return .done }
        if !global.json {
            context.output.message(
                "warning: \(Units.count(result.failureCount, "thing")) could not be read and not saved; see above")
        }
        return .incomplete
    }
}

/// How a plan is run.
struct PlanBackupOptions: ParsableArguments {
    @OptionGroup var untested: UntestedOptions

    @Option(help: ArgumentHelp("This source may have lost half of itself since the last point.", valueName: "source"))
    var acceptShrunken: [String] = []
}

/// What is backed up.
struct FileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("What to back up; may be given several times.", valueName: "path"), completion: .file())
    var path: [String] = []

    @Option(
        help: ArgumentHelp("An SQLite database to back up consistently.", valueName: "file"), completion: .file())
    var sqlite: [String] = []

    @Flag(name: [.customShort("n"), .long], help: "Read and count, and store nothing.") var dryRun = false
}

/// What is left out of a backup of files.
struct ExcludeOptions: ParsableArguments {
    @Option(
        name: [.customShort("e"), .long],
        help: ArgumentHelp("Leave out what matches: '*.tmp', '/home/*/cache', '!keep.tmp'.", valueName: "pattern"))
    var exclude: [String] = []

    @Option(
        help: ArgumentHelp("File of patterns, one a line; # begins a comment.", valueName: "file"), completion: .file())
    var excludeFile: [String] = []

    @Flag(help: "Leave out what is in directories that are marked as caches by a CACHEDIR.TAG.")
    var excludeCaches = false

    @Option(help: ArgumentHelp("Leave out files larger than this: 500M, 2G.", valueName: "size"))
    var excludeLargerThan: ByteCountArgument?

    @Flag(name: [.customShort("x"), .long], help: "Do not go into other file systems.")
    var oneFileSystem = false
}

/// A program whose output is backed up.
struct ProgramOptions: ParsableArguments {
    @Flag(help: "Save what the program behind -- prints, as one file.")
    var stdinFromCommand = false

    @Option(help: ArgumentHelp("Path of that file in the snapshot.", valueName: "name"))
    var stdinFilename = "stdin"

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
    var command: [String] = []
}

/// What the snapshot says of itself.
struct SnapshotNaming: ParsableArguments {
    @Option(help: ArgumentHelp("Tags of the snapshot.", valueName: "tag[,tag…]")) var tag: [String] = []

    @Option(
        name: [.customShort("H"), .long], help: ArgumentHelp("Host name (default: this machine's).", valueName: "name"))
    var host: String?

    @Option(help: ArgumentHelp("Time of the snapshot: 2026-11-20T03:00:00Z (default: now).", valueName: "time"))
    var time: TimeArgument?

    @Option(help: ArgumentHelp("Snapshot that unchanged files are taken over from.", valueName: "snapshot"))
    var parent: String?

    @Flag(help: "Read every file, whatever an earlier snapshot says.") var force = false

    func validate() throws {
        if force, parent != nil { throw ValidationError("--force and --parent exclude each other") }
    }

    var tags: [String] { tag.flatMap { $0.split(separator: ",").map(String.init) } }
}

/// How hard to compress.
enum CompressionLevel: String, ExpressibleByArgument, CaseIterable {
    case auto
    case off
    case max

    /// zstd's level.
    var level: Int32 { self == .max ? 12 : 3 }
}

/// How the content is stored.
struct StoringOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How hard to compress.", valueName: "auto|off|max"))
    var compression: CompressionLevel = .auto

    @Option(help: ArgumentHelp("Size of stored objects, 4M to 128M.", valueName: "size"))
    var packSize: ByteCountArgument?

    @Flag(help: "Cut files where restic would, so that what restic saved before is found again.")
    var rabin = false

    @Flag(help: "Keep the times of last access.") var withAtime = false

    func validate() throws {
        if let packSize, !Sizes.packRange.contains(Int(clamping: packSize.value)) {
            throw ValidationError("--pack-size takes 4M to 128M")
        }
    }
}
