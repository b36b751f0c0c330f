import ArgumentParser

struct RestoreCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Bring back a recovery point, or files of a snapshot.",
        usage: """
            lifeboat restore --point <point> [--source <name>] … --to <dir> | --into scratch | --into <host:port> | --in-place
            lifeboat restore --at <time> | --at-position <p> | --before-position <p> [--timeline <n>] --source <name> <target>
            lifeboat restore --undo | --drop-aside --source <name>
            lifeboat restore --snapshot <snapshot> --to <dir> [<options>]
            """,
        discussion: """
            Of a recovery point:

              lifeboat restore --point latest --source app-db --into scratch
              lifeboat restore --point latest --to /tmp/restored
              lifeboat restore --point 1a2b3c4d --source app-db --in-place
              lifeboat restore --point latest --source app-db --source uploads --in-place

            scratch starts a private server on the restored data, prints how to connect, and removes all of it when you end it \
            with Ctrl-C. --in-place builds and questions the copy beside the live one, then stops the service, exchanges the two, \
            and starts it; interrupted, the same command goes on. What was live stays aside until --undo or --drop-aside. \
            Of several sources those with `restore-class: first` come first, and the hook `degraded` is run before the rest follows.

            Of any second between recovery points, for databases whose journal runs:

              lifeboat restore --at '2026-11-21 02:14:07' --source app-db --into scratch
              lifeboat restore --before-position 0-1-4711 --source app-db --in-place
              lifeboat restore --at -15m --to /tmp/restored --dry-run

            `lifeboat timeline` shows what can be reached, `lifeboat find-event` finds the transaction that did the damage.

            Of a snapshot:

            What is in the target already is compared, and only what differs is fetched: an interrupted restore goes on where it \
            stopped. Nothing outside the target is ever touched, whatever names a snapshot holds.

              lifeboat restore --snapshot latest --to /tmp/restored
              lifeboat restore -s latest --path /srv/app --to /srv/app --delete --dry-run
              lifeboat restore --snapshot 1a2b3c4d --to / --include /etc/fstab --verify

            The first lays paths below the target as they were: /tmp/restored/srv/app. --path restores what is inside it \
            directly into the target.
            """)

    @Option(
        name: .shortAndLong, help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "snapshot"))
    var snapshot: String?

    @Option(
        name: [.customShort("t"), .long],
        help: ArgumentHelp("Directory to restore into; made if need be.", valueName: "dir"),
        completion: .directory)
    var to: String?

    @OptionGroup(title: "A recovery point") var point: PointRestoreOptions

    @Option(
        help: ArgumentHelp(
            "Restore what is inside this directory, or this file, directly into the target.", valueName: "path"))
    var path: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Restore only what matches.", valueName: "pattern"))
    var include: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("Leave out what matches.", valueName: "pattern"))
    var exclude: [String] = []

    @Flag(help: "Remove from restored directories what the snapshot does not have.") var delete = false
    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.") var dryRun = false
    @Flag(help: "Read everything again afterwards and compare it with the snapshot.") var verify = false

    @OptionGroup var filter: LatestOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if verify, dryRun { throw ValidationError("--verify and --dry-run exclude each other") }
        if to?.isEmpty == true { throw ValidationError("--to needs a directory") }
        if try point.isMeant(hasFolder: to != nil, isDryRun: dryRun) {
            guard snapshot == nil else { throw ValidationError("--snapshot and --point exclude each other") }
            guard path == nil, include.isEmpty, exclude.isEmpty, !delete else {
                throw ValidationError("--path, --include, --exclude and --delete are for --snapshot")
            }
        } else {
            guard snapshot != nil else { throw ValidationError("say what to restore: --point or --snapshot") }
            guard to != nil else { throw ValidationError("--snapshot needs --to with a directory") }
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        guard let snapshot, let to else { return try await PointRestoreRun(command: self, context: context).run() }
        return try await SnapshotRestore(command: self, context: context, snapshot: snapshot, to: to).run()
    }
}
