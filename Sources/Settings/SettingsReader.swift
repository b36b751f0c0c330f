/// Gathers what is wrong while a file is read.
final class SettingsReader {
    /// More are not kept, since each is compared with those before it; of a file with so many the first are told.
    private static let largestCount = 1000

    let file: String
    private(set) var problems: [(place: SettingsPlace, path: [String], problem: SettingsProblem)] = []
    private(set) var warnings: [SettingsProblem] = []

    init(file: String) { self.file = file }

    /// Records a problem. Only the first at a place of the structure is kept: what follows from it is no news.
    func problem(_ place: SettingsPlace, _ path: [String], _ message: String, hint: String = "") {
        guard problems.count < Self.largestCount,
            !problems.contains(where: { $0.path == path && !path.isEmpty })
        else { return }
        problems.append((place, path, make(place, path, message, hint)))
    }

    /// Records something that is no error.
    func warning(_ place: SettingsPlace, _ path: [String], _ message: String, hint: String = "") {
        warnings.append(make(place, path, message, hint))
    }

    /// Was something at `path`, above it or below it refused? Its value is then a placeholder, at least in part.
    func isRefused(_ path: [String]) -> Bool {
        problems.contains { $0.path.starts(with: path) || path.starts(with: $0.path) && !$0.path.isEmpty }
    }

    /// Was all of what is under `path` refused, or never there?
    func isAbsent(_ path: [String]) -> Bool {
        problems.contains { path.starts(with: $0.path) && !$0.path.isEmpty }
    }

    /// What stands in the way of using the file.
    var error: SettingsError? {
        guard !problems.isEmpty else { return nil }
        // Sorted by place, and where places are equal as they were found.
        let order = problems.indices.sorted { (problems[$0].place, $0) < (problems[$1].place, $1) }
        return SettingsError(
            file: file, problems: order.prefix(SettingsError.largestCount).map { problems[$0].problem })
    }

    private func make(
        _ place: SettingsPlace, _ path: [String], _ message: String, _ hint: String
    ) -> SettingsProblem {
        SettingsProblem(
            file: file, line: place.line, column: place.column, key: Shown.path(path), message: message, hint: hint)
    }
}
