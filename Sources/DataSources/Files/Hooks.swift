/// Commands that run before and after a source is read.
struct Hooks: Sendable {
    let commands: [String]
    let variables: [String: String]
    let report: @Sendable (String) -> Void
    var timeout = Duration.seconds(3600)

    /// Runs them in order; the first that fails ends it.
    func runAll() async throws(SourceError) {
        for command in commands { try await run(command) }
    }

    /// Runs all, whatever becomes of them, even for a cancelled task; gives what went wrong.
    func runEach() async -> [SourceError] {
        let hooks = self
        return await Task.detached {
            var failures = [SourceError]()
            for command in hooks.commands {
                do throws(SourceError) {
                    try await hooks.run(command)
                } catch {
                    failures.append(error)
                }
            }
            return failures
        }.value
    }

    private func run(_ command: String) async throws(SourceError) {
        var tool = ToolCommand("/bin/sh", ["-c", command], variables: variables)
        tool.report = report
        do {
            for line in try await tool.text(timeout: timeout).split(separator: "\n") { report(String(line)) }
        } catch let error as SourceError {
            throw SourceError(
                error.code, error.message.replacingProgram(), subject: command,
                hint: error.hint, cause: error)
        } catch {
            throw SourceError(.failed, "the hook was not run to its end", subject: command, cause: error)
        }
    }
}

extension String {
    /// Messages of tools begin with `the program`.
    fileprivate func replacingProgram() -> String {
        hasPrefix("the program ") ? "the hook " + dropFirst("the program ".count) : self
    }
}
