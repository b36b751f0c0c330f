import Glibc

/// Which folder the tools for a server are in.
enum PostgreSQLTools {
    /// The folder that was named; else Debian's for that version; else nil, which stands for `PATH`.
    static func folder(named: String?, major: Int) -> String? {
        if let named { return named }
        let folder = "/usr/lib/postgresql/\(major)/bin"
        return access("\(folder)/psql", X_OK) == 0 ? folder : nil
    }

    /// A folder whose `psql` can ask the server for its version; any version will do.
    static func anyFolder(named: String?) -> String? {
        if let named { return named }
        let majors = FileTree.namesIfAny(in: "/usr/lib/postgresql").compactMap { Int($0) }.sorted(by: >)
        return majors.lazy.compactMap { folder(named: nil, major: $0) }.first
    }

    /// What version a tool is.
    static func version(
        of program: String, in folder: String?, variables: [String: String]
    ) async throws -> PostgreSQLVersion {
        let path = folder.map { "\($0)/\(program)" } ?? program
        let text = try await ToolCommand(path, ["--version"], variables: variables).text(timeout: .seconds(30))
        // `pg_dump (PostgreSQL) 15.20 (Debian …)`
        guard let range = text.firstRange(of: "(PostgreSQL) "),
            let version = PostgreSQLVersion(String(text[range.upperBound...]))
        else {
            throw SourceError(.toolFailed, "did not say its version", subject: path, hint: "it said: \(text)")
        }
        return version
    }
}
