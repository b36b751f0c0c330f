import DataSources
import Glibc
import Runbooks
import Settings

/// What a person sees and types while following a runbook. Everything goes to standard error but the summary, so that a
/// transcript can be kept and `--json` stays clean.
struct FollowTerminal {
    let context: CommandContext
    let title: String
    /// When the emergency began, seconds since 1970.
    let since: Double
    let objective: Duration
    private let input = LineInput()

    init(context: CommandContext, title: String, since: Double, objective: Duration) {
        self.context = context
        self.title = title
        self.since = since
        self.objective = objective
    }

    var now: Double { MomentArgument.seconds(context.now()) }

    /// `0:12:31 of 2h, 10 %`; past it, by how much.
    var clock: String {
        let passed = Duration.seconds(max(0, now - since))
        if passed > objective {
            return
                "\(Units.clock(passed)), \(Units.clock(passed - objective)) OVER the objective of \(Quantity.text(objective))"
        }
        return "\(Units.clock(passed)) of \(Quantity.text(objective)), \(Units.clock(objective - passed)) left"
    }

    func say(_ line: String = "") { context.output.message(line) }

    func say(_ lines: [String]) { for line in lines { say(line) } }

    /// Shows the clock, asks, and gives what was typed without white space at its ends; nil at the end of the input.
    func ask(_ question: String) async throws -> String? {
        say("[\(clock)] \(question)")
        let line = try await input.next()
        try Task.checkCancellation()
        return line.map { line in
            String(line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
    }

    /// Asks for one of these keys until one is typed. Nil at the end of the input.
    func key(_ keys: [(key: String, means: String)]) async throws -> String? {
        let question = keys.map { "\($0.key) \($0.means)" }.joined(separator: "   ")
        while let typed = try await ask(question) {
            if keys.contains(where: { $0.key == typed.lowercased() }) { return typed.lowercased() }
            say("type one of: \(keys.map(\.key).joined(separator: ", ")), then Enter")
        }
        return nil
    }

    /// Keeps the clock in the top row of the terminal while `body` runs.
    func clocked<R>(_ body: () async throws -> R) async throws -> R {
        let (terminal, title) = (self, title)
        let ticker = Task {
            while !Task.isCancelled {
                terminal.context.output.drawOnTop("\(title)   \(terminal.clock)")
                try? await Task.sleep(for: .seconds(1))  // cancelled, the loop ends
            }
        }
        defer { ticker.cancel() }
        return try await body()
    }
}
