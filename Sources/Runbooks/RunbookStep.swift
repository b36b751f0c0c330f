/// Shell text, and where it is carried out.
public struct RunbookScript: Sendable, Hashable, Codable {
    /// The text, for `/bin/sh -eu`. Variables come as its environment, never by substitution.
    public var text: String
    /// A host of the environment; `operator` is the machine that follows the runbook.
    public var host: String
    /// After so long it is ended and has failed; nil when the runbook forgot to say, which `check` finds.
    public var timeout: Duration?
    /// The line of the file that it begins in.
    public var line: Int

    /// A script.
    public init(text: String, host: String, timeout: Duration?, line: Int) {
        self.text = text
        self.host = host
        self.timeout = timeout
        self.line = line
    }
}

/// A timed action: ` ```sh {step="restore" on="app1" timeout="30m"} `.
public struct RunbookStep: Sendable, Hashable, Codable {
    /// Its name, unique in the runbook.
    public var id: String
    /// What is done.
    public var script: RunbookScript
    /// What shows that it worked; nil when the runbook forgot, which `check` finds.
    public var verification: RunbookScript?
    /// The phase that its time counts to.
    public var phase: RecoveryPhase
    /// The variable that the last line of its output becomes.
    public var sets: String?
    /// Steps with the same word that follow each other are carried out side by side.
    public var together: String?
    /// How often it is tried again after a failure.
    public var retryCount: Int
}

/// A human gate: ` ```decision {decision="moment" sets="POSITION" timeout="20m"} `, its text the question.
public struct RunbookDecision: Sendable, Hashable, Codable {
    /// Its name, unique in the runbook.
    public var id: String
    /// What is asked.
    public var question: String
    /// How long somebody may think; unattended it has no meaning.
    public var timeout: Duration?
    /// The variable that the answer becomes.
    public var sets: String?
    /// Prints what is known, the proposed answer as its last line. Unattended, that is the answer.
    public var proposal: RunbookScript?
    /// The line of the file that it begins in.
    public var line: Int
}

/// A step or a decision.
public enum RunbookAction: Sendable, Hashable, Codable {
    case step(RunbookStep)
    case decision(RunbookDecision)

    /// Its name.
    public var id: String {
        switch self {
        case .step(let step): step.id
        case .decision(let decision): decision.id
        }
    }

    /// The variable that it gives a value.
    public var sets: String? {
        switch self {
        case .step(let step): step.sets
        case .decision(let decision): decision.sets
        }
    }
}

/// What the time of a recovery goes to.
public enum RecoveryPhase: String, Sendable, Hashable, Codable, CaseIterable {
    case detect, decide, provision, fetch, replay, verify
    /// Letting the service go on: exchange, start, DNS.
    case `switch`
}
