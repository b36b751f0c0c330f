import Glibc
import Trees

extension FileSource {
    public func examine() async -> [Finding] {
        var findings = [Finding]()
        for path in settings.paths {
            if access(path, R_OK) != 0 {
                findings.append(
                    Finding(
                        .problem, "\(path): \(errorText(errno))", remedy: "mend the path, or take it out of the source")
                )
            } else if settings.minimumFileCount > 0, FileSource.isEmptyFolder(path) {
                findings.append(
                    Finding(.problem, "\(path) is empty", remedy: "is everything mounted? else set minimum-files: 0"))
            }
        }
        for path in settings.mounts {
            if let flaw = await MountCheck.flaw(of: path, patience: mountTimeout) {
                findings.append(Finding(.problem, "\(path): \(flaw)", remedy: "mount \(path)"))
            } else {
                findings.append(Finding(.good, "\(path) is mounted"))
            }
        }
        findings += (settings.before + settings.after).compactMap { missingProgram($0) }
        findings += await method()
        return findings
    }

    private static func isEmptyFolder(_ path: String) -> Bool {
        guard let stream = opendir(path) else { return false }
        defer { closedir(stream) }
        var count = 0
        while count < 3, readdir(stream) != nil { count += 1 }
        return count < 3  // itself and the one above
    }

    /// The first word of a hook, when it is a plain name that is nowhere.
    private func missingProgram(_ command: String) -> Finding? {
        guard let word = command.split(separator: " ").first.map(String.init),
            word.allSatisfy({ $0.isLetter || $0.isNumber || "/._-+".contains($0) }), !HookWords.builtIn.contains(word),
            environment.program(word).map({ access($0, X_OK) == 0 }) != true
        else { return nil }
        return Finding(
            .problem, "the hook `\(command)`: there is no program \(word)", remedy: "install it, or give its path")
    }

    private func method() async -> [Finding] {
        do {
            let decision = try await FileSnapshotPlan.decide(settings, variables: environment.variables)
            switch decision {
            case .snapshots(let plan):
                let tops = plan.subvolumes.map(\.top).joined(separator: ", ")
                return [Finding(.good, "read from btrfs snapshots of \(tops): as it is at one moment")]
            case .walk(let reason):
                let why = reason.map { " (\($0))" } ?? ""
                return [
                    Finding(
                        .warning,
                        "the live tree is walked\(why): does the application delete files later than their rows?",
                        remedy: "let it keep deleted files for longer than a backup takes, or put them on btrfs")
                ]
            }
        } catch let error as SourceError {
            return [Finding(.problem, error.message, remedy: error.hint)]
        } catch {
            return [Finding(.problem, "\(error)")]
        }
    }
}

/// Words that are no programs to a shell.
private enum HookWords {
    static let builtIn: Set<String> = [
        "cd", "echo", "exec", "exit", "export", "eval", "false", "for", "if", "kill", "printf", "set", "test", "trap",
        "true",
        "umask", "unset", "until", "wait", "while", "case", "command", ".",
    ]
}
