import Settings

/// Puts a runbook together from the blocks of its text.
struct RunbookBuilder {
    var sections = [Runbook.Section(kind: nil, title: "", items: [])]
    var problems = [RunbookProblem]()
    private var names: Set<String> = []

    mutating func add(_ block: MarkdownBlock) {
        switch block.kind {
        case .heading(2, let title):
            sections.append(Runbook.Section(kind: .init(rawValue: title), title: title, items: []))
        case .code(let info, let text):
            switch FenceAttributes.read(info) {
            case .failure(let malformed):
                problems.append(RunbookProblem(.malformed, line: block.line, malformed.reason))
            case .success(let fence) where fence.pairs.isEmpty && fence.language != "decision":
                append(.text(html: block.html, source: block.source, line: block.line))
            case .success(let fence):
                add(fence, text, block)
            }
        case .heading, .other: append(.text(html: block.html, source: block.source, line: block.line))
        }
    }

    /// Nothing more comes.
    mutating func finish() {
        if sections[0].items.isEmpty { sections.removeFirst() }
    }

    private mutating func append(_ item: Runbook.Item) { sections[sections.count - 1].items.append(item) }

    private mutating func add(_ fence: FenceAttributes, _ text: String, _ block: MarkdownBlock) {
        var words = FenceReader(fence, line: block.line)
        if fence.language == "decision" {
            if let decision = words.decision(text) { add(.decision(decision), decision.id, block.line) }
        } else if fence.language != "sh" {
            words.refuse("a block with attributes is `sh` or `decision`, not `\(fence.language)`")
        } else if fence["step"] != nil {
            if let step = words.step(text) { add(.step(step), step.id, block.line) }
        } else if let id = fence["verify"] {
            if let script = words.script(text, own: "verify") { attach(script, verifying: id) }
        } else if let id = fence["proposes"] {
            if let script = words.script(text, own: "proposes") { attach(script, proposing: id) }
        } else {
            words.refuse("wants one of `step`, `verify`, `proposes`")
        }
        problems += words.problems
    }

    private mutating func add(_ item: Runbook.Item, _ id: String, _ line: Int) {
        guard names.insert(id).inserted else {
            return problems.append(RunbookProblem(.malformed, line: line, "the name `\(id)` is taken already"))
        }
        append(item)
    }

    private mutating func attach(_ script: RunbookScript, verifying id: String) {
        let isDone = change { item in
            guard case .step(var step) = item, step.id == id, step.verification == nil else { return nil }
            step.verification = script
            return .step(step)
        }
        if !isDone {
            problems.append(
                RunbookProblem(
                    .malformed, line: script.line, "there is no step `\(id)` above that wants a verification"))
        }
    }

    private mutating func attach(_ script: RunbookScript, proposing id: String) {
        let isDone = change { item in
            guard case .decision(var decision) = item, decision.id == id, decision.proposal == nil else { return nil }
            decision.proposal = script
            return .decision(decision)
        }
        if !isDone {
            problems.append(
                RunbookProblem(
                    .malformed, line: script.line, "there is no decision `\(id)` above that wants a proposal"))
        }
    }

    /// Changes the first item that `body` wants to change.
    private mutating func change(_ body: (Runbook.Item) -> Runbook.Item?) -> Bool {
        for section in sections.indices {
            for index in sections[section].items.indices {
                guard let changed = body(sections[section].items[index]) else { continue }
                sections[section].items[index] = changed
                return true
            }
        }
        return false
    }
}
