import FoundationEssentials
import TestSupport

/// The real restic, the judge of what the engine writes.
struct Restic: Sendable {
    let address: String
    let password: String
    let variables: [String: String]

    /// Is it installed? Where `CI` is set a missing one fails.
    static var isExpected: Bool {
        ProcessInfo.processInfo.environment["CI"] != nil
            || ["/usr/bin/restic", "/usr/local/bin/restic"].contains(
                where: FileManager.default.isExecutableFile(atPath:))
    }

    /// restic ended well and did not say what it should.
    struct Unexpected: Error { let output: String }

    /// One entry of a snapshot as `ls --json` tells it.
    struct Entry: Decodable, Sendable {
        let name: String
        let type: String
        let path: String
        let size: UInt64?
        let mode: UInt64?
        let mtime: String
    }

    /// One snapshot as `snapshots --json` tells it.
    struct Listed: Decodable, Sendable {
        let id: String
        let time: String
        let parent: String?
        let tree: String
        let paths: [String]
        let hostname: String
        let username: String
        let tags: [String]?
    }

    /// The last line of `backup --json`.
    struct Summary: Decodable, Sendable, Equatable {
        var files_new: UInt64
        var files_changed: UInt64
        var files_unmodified: UInt64
        var dirs_new: UInt64
        var dirs_changed: UInt64
        var dirs_unmodified: UInt64
        var data_blobs: UInt64
        var tree_blobs: UInt64
        var data_added: UInt64
        var total_files_processed: UInt64
        var total_bytes_processed: UInt64
        var snapshot_id: String
    }

    /// Runs restic; gives its standard output. The time zone is UTC, so that trees are equal to ours.
    @discardableResult
    func callAsFunction(_ arguments: String..., password: String? = nil) async throws -> String {
        var variables = variables
        variables["RESTIC_PASSWORD"] = password ?? self.password
        variables["TZ"] = "UTC"
        variables["GOMAXPROCS"] = "2"
        return try await Tool.run("restic", ["-r", address, "--no-cache"] + arguments, variables: variables)
    }

    /// Backs up a path as the host that the engine uses too.
    @discardableResult
    func backup(_ path: String, _ options: String...) async throws -> Summary {
        var arguments = ["backup", "--json", "--host", Stage.host] + options
        arguments.append(path)
        let output = try await run(arguments)
        guard let line = output.split(separator: "\n").last(where: { $0.contains("\"summary\"") }) else {
            throw Unexpected(output: output)
        }
        return try JSONDecoder().decode(Summary.self, from: Data(line.utf8))
    }

    private func run(_ arguments: [String]) async throws -> String {
        var variables = variables
        variables["RESTIC_PASSWORD"] = password
        variables["TZ"] = "UTC"
        return try await Tool.run("restic", ["-r", address, "--no-cache"] + arguments, variables: variables)
    }

    /// `check --read-data`, which must find nothing.
    func check() async throws {
        let output = try await self("check", "--read-data")
        guard output.contains("no errors were found") else { throw Unexpected(output: output) }
    }

    func snapshots() async throws -> [Listed] {
        try JSONDecoder().decode([Listed].self, from: Data(try await self("snapshots", "--json").utf8))
    }

    /// All entries of a snapshot.
    func list(_ snapshot: String) async throws -> [Entry] {
        let lines = try await self("ls", "--json", snapshot).split(separator: "\n")
        return try lines.dropFirst().map { try JSONDecoder().decode(Entry.self, from: Data($0.utf8)) }
    }
}
