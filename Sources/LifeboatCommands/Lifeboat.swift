public import ArgumentParser

/// The command line.
public struct Lifeboat: AsyncParsableCommand {
    /// Version of the program.
    public static let version = "0.1.0"

    public static let configuration = CommandConfiguration(
        commandName: "lifeboat",
        abstract: "Encrypted, deduplicated backups that any restic can read, check and restore.",
        usage: "lifeboat <command> [--repo <address>] [--password-file <file>] …",
        discussion: """
            A repository is a directory, or a prefix of an S3 bucket. Make one, back up, look at it, bring it back:

              export LIFEBOAT_REPOSITORY=/srv/backup
              export LIFEBOAT_PASSWORD_FILE=/root/backup-password
              lifeboat init --generate-password-file /root/backup-password
              lifeboat backup --path /home --exclude '*.tmp'
              lifeboat snapshots
              lifeboat restore --snapshot latest --to /tmp/restored

            Keep a copy of the password file where the disaster does not reach: without it nothing can be restored, by anyone.

            Exit codes:
              0    done
              1    failed, the message says why
              3    a snapshot was made, but some files could not be read
              4    verified: it did not come back, or is not what it was
              5    verified: nothing says what it should be, or it could not be tried
              6    a recovery point was made, but one of its sources failed
              10   there is no repository
              11   another process holds the lock
              12   wrong password
              64   wrong usage
              130  interrupted; locks are released
              141  whoever read the output went away
            """,
        version: "lifeboat \(version)",
        groupedSubcommands: [
            CommandGroup(
                name: "Backup",
                subcommands: [BackupCommand.self, RestoreCommand.self, DumpCommand.self, JournalCommand.self]),
            CommandGroup(
                name: "Recovery points",
                subcommands: [
                    PointsCommand.self, TimelineCommand.self, FindEventCommand.self, ExploreCommand.self,
                    VerifyCommand.self,
                    ReconcileCommand.self, RetentionCommand.self,
                    ErasureCommand.self, DoctorCommand.self,
                ]),
            CommandGroup(
                name: "Emergencies and drills",
                subcommands: [
                    RunbookCommand.self, EnvironmentCommand.self, DrillCommand.self, CatalogCommand.self,
                ]),
            CommandGroup(
                name: "Inspection",
                subcommands: [
                    SnapshotsCommand.self, ListCommand.self, FindCommand.self, DiffCommand.self, StatsCommand.self,
                ]),
            CommandGroup(
                name: "Repository",
                subcommands: [
                    InitCommand.self, CheckCommand.self, ForgetCommand.self, PruneCommand.self, RepairCommand.self,
                    KeyCommand.self,
                    UnlockCommand.self,
                ]),
            CommandGroup(name: "Drills", subcommands: [DrillCommand.self]),
            CommandGroup(name: "Program", subcommands: [ConfigCommand.self, VersionCommand.self]),
        ])

    @OptionGroup(title: "Global options")
    var global: GlobalOptions

    public init() {}
}
