import Sealing
import Settings

extension Runbook {
    /// The largest file that is read, bytes.
    public static let largestByteCount = 1 << 20

    /// Reads a runbook.
    ///
    /// - Parameters:
    ///   - text: what the file holds.
    ///   - file: what it is called in messages.
    /// - Throws: everything that is wrong with it at once. What can be read but is not good is for `RunbookCheck`.
    public init(text: String, file: String) throws(RunbookError) {
        guard text.utf8.count <= Runbook.largestByteCount else {
            throw RunbookError(
                file: file, problems: [RunbookProblem(.malformed, line: 1, "is larger than 1 MiB")])
        }
        guard let parts = FrontMatter(text) else {
            throw RunbookError(
                file: file,
                problems: [
                    RunbookProblem(
                        .malformed, line: 1, "has no front matter", hint: "begin with `---`, `title: …`, `---`")
                ])
        }
        var builder = RunbookBuilder()
        for block in MarkdownBlock.read(parts.body) { builder.add(block) }
        builder.finish()
        var problems = builder.problems
        let head: Head?
        do {
            head = try SettingsDocument(file: file, text: parts.yaml) { Head($0) }.value
        } catch {
            head = nil
            problems += error.problems.map {
                RunbookProblem(.malformed, line: $0.line, "`\($0.key)` \($0.message)", hint: $0.hint)
            }
        }
        guard let head, problems.isEmpty else {
            throw RunbookError(file: file, problems: problems.sorted { $0.line < $1.line })
        }
        self.init(file: file, digest: SHA256.digest(Array(text.utf8)), head: head, sections: builder.sections)
    }
}
