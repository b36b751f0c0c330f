import DataSources
import FoundationEssentials
import Glibc

/// A script on another machine. It ends there too when it took too long, when nobody waits any more, and when the connection is lost: a
/// shell without a terminal does not notice by itself.
struct SSHScript {
    /// What became of a script that was to be ended.
    enum Ending: Sendable, Hashable {
        /// It had ended by itself.
        case absent
        /// It ran, and runs no more.
        case ended
        /// Nobody knows; why.
        case unknown(String)
    }

    /// A restore that is asked to end comes to a place from which it can go on, seconds.
    static let resumePatience = 120
    /// As long as for a script of this machine, seconds.
    private static let patience = 5

    let host: DrillEnvironment.Host
    /// What `ssh` itself may see.
    let variables: [String: String]
    let folder: String?

    func run(
        _ text: String, _ values: [String: String], timeout: Duration?,
        report: @escaping @Sendable (String) -> Void
    ) async -> ScriptOutcome {
        let step = values["LIFEBOAT_STEP"]
        if let step {
            if let why = await remains(of: step) { return ScriptOutcome(exit: nil, output: "", failure: why) }
            StepProcesses.note(host.name, of: step)
        }
        let mark = step.map(Self.mark) ?? Self.randomMark()
        let script = SSHCommand.script(text, values.filter { $0.key != "LIFEBOAT_STEP" }, mark: mark)
        let (result, said) = await connect(script, step: step, timeout: timeout, report: report)
        var outcome = result.outcome
        // What `ssh` ends with when it is ended itself is no exit code of the script.
        if result.cut != nil { outcome.exit = nil }
        if outcome.exit == 255, let refusal = SSHRefusal(said, host) {
            outcome.failure = refusal.message
        } else if result.cut != nil || outcome.exit == 255 || outcome.exit == nil && outcome.failure != nil {
            // Whoever waited may be cancelled; what runs there is ended all the same.
            let ending = await Task.detached { await end(mark: mark, patience: Self.patience) }.value
            outcome.failure = failure(outcome, result.cut, ending)
            if case .unknown = ending { return outcome }
        }
        if let step { StepProcesses.forget(step) }
        return outcome
    }

    /// Ends what may still run of earlier attempts; gives why that is not known.
    private func remains(of step: String) async -> String? {
        for earlier in StepProcesses.noted(on: host.name, beside: step) {
            if case .unknown(let why) = await end(earlier, patience: Self.patience) {
                return "what was begun before may still run on \(host.name): \(why)"
            }
            StepProcesses.forget(earlier)
        }
        return nil
    }

    /// Ends what a runner that died has left running as `step`.
    func end(_ step: String, patience: Int) async -> Ending { await end(mark: Self.mark(step), patience: patience) }

    private func end(mark: String, patience: Int) async -> Ending {
        let script = SSHCommand.ending(mark, patience: patience)
        let (result, said) = await connect(
            "set -eu\n" + script, step: nil, timeout: .seconds(patience + 60)
        ) { _ in }
        guard let failure = result.outcome.failure else {
            return result.outcome.lastLine == "absent" ? .absent : .ended
        }
        return .unknown(SSHRefusal(said, host)?.message ?? failure)
    }

    /// What `ssh` itself said comes apart from what the script said.
    private func connect(
        _ script: String, step: String?, timeout: Duration?, report: @escaping @Sendable (String) -> Void
    ) async -> (result: ScriptProgram.Ending, said: String) {
        let messages = Self.temporaryFile()
        defer { unlink(messages) }
        // A shell notes the process, then becomes it: a runner that resumes ends it as it does its own scripts.
        var program = ScriptProgram(
            words: ["/bin/sh", "-eu", "-c", StepProcesses.prologue + "exec \"$@\"", "sh"]
                + SSHCommand(host).words(messages: messages),
            variables: variables, folder: folder, input: .bytes(Array(script.utf8)))
        program.variables["LIFEBOAT_STEP"] = step
        let result = await program.run(timeout: timeout, report: report)
        let said = FileManager.default.contents(atPath: messages) ?? Data()
        return (result, String(decoding: said.prefix(1 << 16), as: UTF8.self))
    }

    private func failure(_ outcome: ScriptOutcome, _ cut: ScriptProgram.Cut?, _ ending: Ending) -> String {
        let name = SSHCommand(host).name
        let what: String
        switch (cut, ending) {
        // It ended by itself with what `ssh` would say of its own failures.
        case (nil, .absent): return outcome.failure ?? ""
        case (.timeout, _): what = outcome.failure ?? "took too long"
        case (.cancellation, _): what = "nobody waits for it any more"
        case (nil, _): what = "the connection to \(name) was lost"
        }
        switch ending {
        case .absent: return "\(what); nothing of it runs on \(host.name) any more"
        case .ended: return "\(what); what ran on \(host.name) was ended"
        case .unknown(let why): return "\(what), and nobody knows whether it still runs there: \(why)"
        }
    }

    /// `ID.restore.1` of `…/ID/steps/restore.1.pid`: the name of the file there.
    private static func mark(_ step: String) -> String {
        let parts = step.split(separator: "/")
        let drill = parts.dropLast(2).last ?? ""
        let name = parts.last.map { $0.hasSuffix(".pid") ? $0.dropLast(4) : $0 } ?? ""
        return "\(drill).\(name)".filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }

    private static func randomMark() -> String { "script." + String(EnvironmentToken().text.prefix(32)) }

    /// Readable by us alone.
    private static func temporaryFile() -> String {
        let folder = FileManager.default.temporaryDirectory.path(percentEncoded: false)
        var template = Array((folder + "/lifeboat-ssh-XXXXXX").utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { return "/dev/null" }
        close(file)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
