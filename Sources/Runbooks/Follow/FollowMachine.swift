/// What a person has to do next.
public enum FollowAction: Sendable, Hashable {
    /// Say what a variable is.
    case say(variable: String)
    /// Read a text.
    case read(FollowItem)
    /// Carry out a step.
    case carryOut(FollowItem, RunbookStep, attempt: Int)
    /// A step failed, or nobody knows how it ended: once more, left out, or all of it ended.
    case settle(FollowItem, RunbookStep, failure: String)
    /// Decide.
    case decide(FollowItem, RunbookDecision)
    /// Say that it is over.
    case conclude
    /// Nothing: it is over.
    case nothing
}

/// A text with the step or decision that follows it in the same section.
public struct FollowItem: Sendable, Hashable {
    /// Its number, from 0.
    public var index: Int
    /// The section it is in.
    public var section: String
    /// Is it the first of its section?
    public var isFirst: Bool
    /// What is to be read before; may be empty.
    public var text: String
    /// What is to be done; nil when there is only text.
    public var action: RunbookAction?
}

/// Following a runbook as a value: events go in, what is next comes out. No clock, no terminal, no file.
public struct FollowMachine: Sendable {
    /// What was made of a step or decision.
    public enum Standing: Sendable, Hashable {
        case running
        case failed(String)
        case done
        case skipped
    }

    /// The runbook.
    public let runbook: Runbook
    /// All there is to read and do, in order.
    public let items: [FollowItem]
    /// How it began; nil before.
    public private(set) var beginning: FollowBeginning?
    /// Steps and decisions by name.
    public private(set) var standing: [String: Standing] = [:]
    /// How often each step was begun.
    public private(set) var attempts: [String: Int] = [:]
    /// Variables that have a value.
    public private(set) var variables: [String: String] = [:]
    /// Why nothing further is done; nil while all is well.
    public private(set) var abortReason: String?
    /// Is it over?
    public private(set) var isOver = false
    /// Does the ledger have it?
    public private(set) var isRecorded = false
    private var read: Set<Int> = []

    /// Nothing has happened yet.
    public init(_ runbook: Runbook) {
        self.runbook = runbook
        items = FollowMachine.items(of: runbook)
    }

    /// Takes in what happened.
    public mutating func apply(_ event: FollowEvent) {
        switch event {
        case .began(let beginning): self.beginning = beginning
        case .resumed: break
        case .set(let name, let value): variables[name] = value
        case .read(let item): read.insert(item)
        case .stepBegan(let id, let attempt):
            standing[id] = .running
            attempts[id] = attempt
        case .stepEnded(let id, let outcome):
            standing[id] = outcome.failure.map { .failed($0) } ?? .done
            if outcome.failure == nil { set(id, outcome.value) }
        case .skipped(let id, _): standing[id] = .skipped
        case .decided(let id, let value):
            standing[id] = .done
            set(id, value)
        case .wentBack(let id):
            for action in runbook.actions.drop(while: { $0.id != id }) { standing[action.id] = nil }
        case .aborted(let reason):
            abortReason = reason
            isOver = true
        case .ended: isOver = true
        case .recorded: isRecorded = true
        }
    }

    /// What is to be done now.
    public var next: FollowAction {
        guard beginning != nil, !isOver else { return .nothing }
        if let name = runbook.head.variables.first(where: { variables[$0] == nil }) { return .say(variable: name) }
        guard let item = items.first(where: { !isDone($0) }) else { return .conclude }
        switch item.action {
        case nil: return .read(item)
        case .decision(let decision): return .decide(item, decision)
        case .step(let step):
            switch standing[step.id] {
            case .running:
                return .settle(item, step, failure: "nobody knows how it ended: this program ended while it ran")
            case .failed(let why): return .settle(item, step, failure: why)
            case .done, .skipped, nil: return .carryOut(item, step, attempt: (attempts[step.id] ?? 0) + 1)
            }
        }
    }

    /// The last decision that was made; nil when there is none to go back to.
    public var lastDecision: String? {
        runbook.actions.last { action in
            guard case .decision(let decision) = action else { return false }
            return standing[decision.id] == .done
        }?.id
    }

    /// How many steps and decisions there are, and how many are behind.
    public var progress: (done: Int, count: Int) {
        let actions = items.filter { $0.action != nil }
        return (actions.count(where: isDone), actions.count)
    }

    private func isDone(_ item: FollowItem) -> Bool {
        guard let action = item.action else { return read.contains(item.index) }
        switch standing[action.id] {
        case .done, .skipped: return true
        case .running, .failed, nil: return false
        }
    }

    private mutating func set(_ id: String, _ value: String?) {
        guard let value, let name = runbook.actions.first(where: { $0.id == id })?.sets else { return }
        variables[name] = value
    }

    private static func items(of runbook: Runbook) -> [FollowItem] {
        var items = [FollowItem]()
        for section in runbook.sections {
            var texts = [String]()
            let first = items.count
            func add(_ action: RunbookAction?) {
                guard action != nil || !texts.isEmpty else { return }
                items.append(
                    FollowItem(
                        index: items.count, section: section.title, isFirst: items.count == first,
                        text: texts.joined(separator: "\n\n"), action: action))
                texts = []
            }
            for item in section.items {
                switch item {
                case .text(_, let source, _): texts.append(source)
                case .step(let step): add(.step(step))
                case .decision(let decision): add(.decision(decision))
                }
            }
            add(nil)
        }
        return items
    }
}
