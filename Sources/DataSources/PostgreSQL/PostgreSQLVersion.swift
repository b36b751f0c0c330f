/// Which PostgreSQL it is.
struct PostgreSQLVersion: Sendable, Hashable, CustomStringConvertible {
    /// Run in our tests.
    static let tested = 15
    /// Known to speak the same formats; never run here.
    static let expected: Set<Int> = [13, 14, 16, 17]

    /// The major version: 15.
    let major: Int
    /// As the program says it: `15.20 (Debian 15.20-0+deb12u1)`.
    let description: String

    /// Reads `server_version` (`15.20 (Debian …)`) or what `--version` prints behind the program's name.
    init?(_ text: String) {
        description = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard let major = Int(description.prefix { $0.isASCII && $0.isNumber }), (1...999).contains(major) else {
            return nil
        }
        self.major = major
    }

    /// Refuses what cannot work, and what nobody has tried unless that was accepted.
    func checkServer(subject: String, acceptsUntested: Bool) throws {
        if major < 13 {
            throw SourceError(
                .versionUnsupported, "PostgreSQL \(major) writes no backup manifest and is refused", subject: subject,
                hint: "13 is the oldest; upgrade the server")
        }
        guard major == Self.tested || Self.expected.contains(major) || acceptsUntested else {
            throw SourceError(
                .versionUnsupported, "PostgreSQL \(major) was never tried", subject: subject,
                hint: "continue with --accept-untested, and restore a point before you trust it")
        }
    }

    /// Refuses a tool that is older than the server: it cannot know all that the server has.
    func checkTool(_ tool: PostgreSQLVersion, program: String) throws {
        guard tool.major >= major else {
            throw SourceError(
                .versionUnsupported, "\(program) \(tool.major) is older than the server (\(major))", subject: program,
                hint: "install postgresql-client-\(major), or name its folder as tool-folder")
        }
    }
}
