/// A version of MariaDB, and what we know of it (docs/versions.md).
struct MariaDBVersion: Hashable, CustomStringConvertible {
    /// What may be expected of a version.
    enum Standing: Equatable {
        /// Our tests run it.
        case supported
        /// A long-term release that works the same way by its manual.
        case expected
        /// Never tried.
        case unknown
        /// Cannot work; the text says why.
        case refused(String)
    }

    /// First and second number, which make a release series.
    let series: [Int]
    /// Third number.
    let patch: Int
    /// Whether it is MariaDB at all.
    let isMariaDB: Bool
    /// As the server or the tool wrote it: `10.11.19-MariaDB`.
    let text: String

    var description: String { text }

    /// Reads the first version in what `SELECT VERSION()` gives, or a tool prints for `--version`; nil when there is none.
    ///
    /// A dump tool names its own version first (`Ver 10.19 Distrib 10.11.19-MariaDB`): the one with three numbers counts.
    init?(in text: String) {
        let words = text.split(whereSeparator: { " ,\n".contains($0) })
        let found = words.compactMap { word -> (Substring, [Int])? in
            let numbers = word.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }.split(separator: ".").map { Int($0) }
            return numbers.count == 3 && !numbers.contains(nil) ? (word, numbers.compactMap { $0 }) : nil
        }
        guard let (word, numbers) = found.first else { return nil }
        series = Array(numbers.prefix(2))
        patch = numbers[2]
        isMariaDB = text.lowercased().contains("mariadb")
        self.text = String(word)
    }

    /// What may be expected of it.
    var standing: Standing {
        guard isMariaDB else { return .refused("it is not MariaDB; MySQL has other tools and other position formats") }
        if series.lexicographicallyPrecedes([10, 5]) {
            return .refused("before 10.5 there is no BINLOG MONITOR privilege and another backup protocol")
        }
        if series == [10, 11] { return .supported }
        return series == [10, 6] || series[0] == 11 ? .expected : .unknown
    }

    /// - Throws: `versionUnsupported` when a backup or restore with it cannot be promised.
    func require(acceptsUntested: Bool, subject: String) throws {
        switch standing {
        case .supported, .expected: return
        case .refused(let why):
            throw SourceError(.versionUnsupported, "version \(text) is refused: \(why)", subject: subject)
        case .unknown where acceptsUntested: return
        case .unknown:
            throw SourceError(
                .versionUnsupported, "version \(text) was never tried", subject: subject,
                hint: "use --accept-untested to go on, and verify what it made by restoring it")
        }
    }

    /// - Throws: `versionUnsupported` when a tool is of another release series than the server.
    func requireSameSeries(asTool tool: MariaDBVersion, named name: String) throws {
        guard series != tool.series else { return }
        throw SourceError(
            .versionUnsupported, "\(name) is of \(tool.text), the server of \(text)", subject: name,
            hint: "install the tools of the server's own release series, or name their folder in `tools`")
    }
}
