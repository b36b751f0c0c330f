import DataSources
import Trees

/// Restores several sources in the order of their classes, runs the service's hooks in between, once, and says how long it took
/// until a degraded service and until the whole one was up. Each source is restored by its own means; killed, the same command
/// goes on.
public struct ClassedRestore: Sendable {
    /// The target of a restore in the place of what is live.
    public static let inPlace = "in-place"

    /// What was asked for: the same words go on with a restore that was interrupted.
    public struct Asked: Sendable, Hashable, Codable {
        /// The point or the moment, in the words of the command.
        public var words: String
        /// `in-place`, or a folder.
        public var target: String
        /// The sources, in their order.
        public var sources: [String]

        /// Asks for something.
        public init(words: String, target: String, sources: [String]) {
            self.words = words
            self.target = target
            self.sources = sources
        }
    }

    /// What the words meant when they were first said: `latest` and `-15m` mean something else later.
    public struct Resolved: Sendable, Hashable, Codable {
        /// The point's ID; nil for a moment.
        public var point: String?
        /// The moment, seconds since 1970; nil where it is no time.
        public var time: Double?

        /// Resolves.
        public init(point: String? = nil, time: Double? = nil) {
            self.point = point
            self.time = time
        }
    }

    /// What came of it; times are RFC 3339, seconds count from when it was first asked for.
    public struct Outcome: Sendable, Hashable, Codable {
        /// When it was first asked for.
        public var started: String
        /// When everything of the class `first` was usable; nil when nothing comes first.
        public var degradedAt: String?
        /// The same in seconds.
        public var degradedSeconds: Double?
        /// When everything was.
        public var finished: String
        /// The same in seconds.
        public var seconds: Double
        /// Hooks that failed, and how.
        public var hookFailures: [String]

        enum CodingKeys: String, CodingKey {
            case started, finished, seconds
            case degradedAt = "degraded_at"
            case degradedSeconds = "degraded_seconds"
            case hookFailures = "hook_failures"
        }
    }

    /// The order.
    public let order: RestoreOrder
    /// What was asked for.
    public let asked: Asked
    let context: RecoveryContext
    /// Called when a step is finished and written down, or a hook is about to run.
    let watch: @Sendable (String) -> Void

    /// A restore of several sources.
    public init(
        _ order: RestoreOrder, asked: Asked, in context: RecoveryContext,
        watch: @escaping @Sendable (_ step: String) -> Void = { _ in }
    ) {
        self.order = order
        self.asked = asked
        self.context = context
        self.watch = watch
    }

    private var isInPlace: Bool { asked.target == ClassedRestore.inPlace }
    /// With one source there is no degraded service, and none to tell of.
    private var hasHooks: Bool { order.sourceCount > 1 }

    /// A restore in place that was begun.
    public struct Pending: Sendable {
        /// What the words meant then.
        public let resolved: Resolved
        /// Sources that are finished.
        public let done: Set<String>
    }

    /// The restore in place that this one would go on with; nil when there is none. Looks only.
    ///
    /// - Throws: `restorePending` when another one of the service is not ended.
    public func pending() throws -> Pending? {
        try pendingJournal().map { Pending(resolved: $0.resolved, done: Set($0.done.keys)) }
    }

    private func pendingJournal() throws -> ServiceJournal? {
        guard var journal = try ServiceJournal.read(context.stateFolder, target: asked.target) else { return nil }
        guard isInPlace else { return journal.asked == asked ? journal : nil }
        let own = try journal.asked.sources.compactMap { try InPlaceJournal.read(context.stateFolder, source: $0) }
            .filter { $0.service == journal.id }
        // One that was finished just before a kill says so itself.
        for source in own where source.step == .finished && journal.done[source.source] == nil {
            journal.done[source.source] = source.reopened ?? source.started
        }
        if journal.asked == asked { return own.isEmpty && journal.done.isEmpty ? nil : journal }
        guard let name = own.first?.source else { return nil }
        throw RecoveryError(
            .restorePending,
            "a restore of \(journal.asked.sources.joined(separator: ", ")) (\(journal.asked.words)) was begun and not ended",
            subject: journal.id,
            hint:
                "run that restore again to go on, or take it back source by source with `lifeboat restore --undo --source \(name)`"
        )
    }

    /// What was erased on the way, and what was not: for the event of restores whose sources have none of their own.
    struct Erased {
        var files: [ErasedFiles]?
        var notApplied: [ErasuresNotApplied]?
    }

    /// As the other.
    public func run(
        _ resolved: Resolved, _ restore: (_ step: RestoreOrder.Step, _ id: String) async throws -> Void
    ) async throws -> Outcome { try await run(resolved, erased: { Erased() }, restore) }

    /// Calls `restore` with each step that is not done yet, and the ID that its own journal gets to keep.
    ///
    /// - Throws: what `restore` throws; `alreadyRunning`, `restorePending`. A hook that fails is told by an alarm and in the outcome.
    func run(
        _ resolved: Resolved, erased: () -> Erased,
        _ restore: (_ step: RestoreOrder.Step, _ id: String) async throws -> Void
    ) async throws -> Outcome {
        let lock = try FileLock(
            folder: context.stateFolder, name: ServiceJournal.name(asked.target), what: "a restore of several sources")
        defer { lock.release() }
        var journal = try begin(resolved)
        for step in order.steps {
            if journal.done[step.key] == nil {
                try await restore(step, journal.id)
                journal.done[step.key] = context.now().rfc3339
                try journal.write(context.stateFolder)
                watch(step.key)
            }
            let isDegraded = !order.first.isEmpty && order.first.allSatisfy { journal.done[$0.key] != nil }
            if isDegraded { try await run(\.degraded, context.hooks.degraded, "degraded", &journal) }
        }
        try await run(\.recovered, context.hooks.recovered, "recovered", &journal)
        let outcome = outcome(journal)
        try await record(outcome, erased(), journal)
        try journal.remove(context.stateFolder)
        return outcome
    }

    private func begin(_ resolved: Resolved) throws -> ServiceJournal {
        if var journal = try pendingJournal(), isInPlace || journal.resolved == resolved {
            // A folder may have been emptied in between: what is there is compared, and nothing is left out.
            if !isInPlace { journal.done = [:] }
            return journal
        }
        let journal = ServiceJournal(
            id: PointStore.newID(), asked: asked, resolved: resolved, started: context.now().rfc3339)
        try journal.write(context.stateFolder)
        return journal
    }

    // MARK: Hooks

    private func run(
        _ which: WritableKeyPath<ServiceJournal, ServiceJournal.HookRun?>, _ command: String?, _ name: String,
        _ journal: inout ServiceJournal
    ) async throws {
        guard hasHooks else { return }
        if let before = journal[keyPath: which] {
            if !before.hasEnded { try giveUp(which, name, &journal) }
            return
        }
        let now = context.now()
        var hook = ServiceJournal.HookRun(at: now.rfc3339, seconds: seconds(journal.started, now))
        hook.hasEnded = command == nil
        journal[keyPath: which] = hook
        try journal.write(context.stateFolder)
        context.report(
            (name == "degraded" ? "degraded service" : "the whole service") + " is up after \(Int(hook.seconds)) s")
        watch(name)
        guard let command else { return }
        do {
            try await ServiceCommand.run(command, name, variables: variables(journal), in: context)
        } catch let error as RecoveryError {
            hook.failure = error.message
            context.alarm("\(error.message); the restore goes on")
        }
        hook.hasEnded = true
        journal[keyPath: which] = hook
        try journal.write(context.stateFolder)
    }

    /// Whether a hook that was killed did its work nobody knows; to run it again could do it twice.
    private func giveUp(
        _ which: WritableKeyPath<ServiceJournal, ServiceJournal.HookRun?>, _ name: String,
        _ journal: inout ServiceJournal
    ) throws {
        let failure = "the \(name) command was begun, and this program ended before it did; it is not run again"
        context.alarm(failure)
        journal[keyPath: which]?.failure = failure
        journal[keyPath: which]?.hasEnded = true
        try journal.write(context.stateFolder)
    }

    private func variables(_ journal: ServiceJournal) -> [String: String] {
        var variables = [
            "LIFEBOAT_SERVICE": context.service, "LIFEBOAT_TARGET": asked.target, "LIFEBOAT_ASKED": asked.words,
            "LIFEBOAT_SOURCES": order.steps.filter { $0.patterns.isEmpty && journal.done[$0.key] != nil }
                .map(\.source).joined(separator: " "),
        ]
        variables["LIFEBOAT_POINT"] = journal.resolved.point
        return variables
    }

    // MARK: What came of it

    private func outcome(_ journal: ServiceJournal) -> Outcome {
        let now = context.now()
        return Outcome(
            started: journal.started, degradedAt: journal.degraded?.at, degradedSeconds: journal.degraded?.seconds,
            finished: now.rfc3339, seconds: seconds(journal.started, now),
            hookFailures: [journal.degraded?.failure, journal.recovered?.failure].compactMap { $0 })
    }

    private func seconds(_ started: String, _ now: Timestamp) -> Double {
        now.fraction - (Timestamp(rfc3339: started)?.fraction ?? now.fraction)
    }

    /// What the ledger keeps of all of it; what each source became is an event of its own.
    private struct Event: Codable, Sendable {
        var point: String?
        var asked: String
        var sources: [String]
        var target: String
        var outcome: String
        var times: Outcome
        var erasedFiles: [ErasedFiles]?
        var notApplied: [ErasuresNotApplied]?

        enum CodingKeys: String, CodingKey {
            case point, asked, sources, target, outcome, times
            case erasedFiles = "erased_files"
            case notApplied = "erasures_not_applied"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(point, forKey: .point)
            try container.encode(asked, forKey: .asked)
            try container.encode(sources, forKey: .sources)
            try container.encode(target, forKey: .target)
            try container.encode(outcome, forKey: .outcome)
            try container.encodeIfPresent(erasedFiles, forKey: .erasedFiles)
            try container.encodeIfPresent(notApplied, forKey: .notApplied)
            try times.encode(to: encoder)
        }
    }

    private func record(_ outcome: Outcome, _ erased: Erased, _ journal: ServiceJournal) async throws {
        try await context.recorder.record(
            "restore",
            Event(
                point: journal.resolved.point, asked: asked.words, sources: asked.sources,
                target: isInPlace ? asked.target : "folder", outcome: "finished", times: outcome,
                erasedFiles: erased.files, notApplied: erased.notApplied))
    }
}
