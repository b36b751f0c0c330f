import Journal
import ObjectStore
import Repository
import Synchronization
import Trees

/// What a journal tells while it runs: its state file, alarms, and what operators hear. Called from any thread.
final class JournalBoard: Sendable {
    private static let alarmLimit = 100
    private let source: String
    private let context: RecoveryContext
    private let state: Mutex<(state: JournalState, written: JournalState?)>

    init(_ source: String, _ context: RecoveryContext) {
        self.source = source
        self.context = context
        let old = JournalState.read(context.stateFolder, source: source)
        let now = context.now().rfc3339
        var state = JournalState(started: now, updated: now)
        state.alarms = old?.alarms ?? []
        state.baseDue = old?.baseDue
        state.processes =
            (old?.processes ?? []).suffix(Self.alarmLimit) + [.init(id: context.locks.owner.pid, started: now)]
        self.state = Mutex((state, nil))
    }

    private func message(_ text: String) -> JournalState.Message { .init(time: context.now().rfc3339, text: text) }

    /// What is told now.
    var snapshot: JournalState { state.withLock { $0.state } }

    func change(_ body: (inout JournalState) -> Void) { state.withLock { body(&$0.state) } }

    /// Says a line to whoever watches.
    func report(_ text: String) { context.report("\(source): \(text)") }

    /// Says a line that somebody must see, and keeps it.
    func alarm(_ text: String) {
        let message = message(text)
        change { state in
            state.alarms = (state.alarms + [message]).suffix(Self.alarmLimit)
        }
        context.alarm("journal of \(source): \(text)")
    }

    /// It has ended in order, and holds no locks.
    func ended() { change { $0.processes = $0.processes.map { Array($0.dropLast()) } } }

    /// A new base is needed.
    func setBaseDue(_ reason: String) {
        let message = message(reason)
        change { $0.baseDue = message }
    }

    func spooled(_ header: SegmentHeader) { mark(header, \.spooled) }

    func archived(_ header: SegmentHeader) { mark(header, \.archived) }

    private func mark(_ header: SegmentHeader, _ field: WritableKeyPath<JournalState, JournalState.Mark?>) {
        let mark = JournalState.Mark(place: header.end, position: header.to, time: context.now().rfc3339)
        change { $0[keyPath: field] = mark }
    }

    /// The store, or the tool, failed; told when it did not fail before.
    func failed(_ error: any Error, _ field: WritableKeyPath<JournalState, JournalState.Message?>, _ what: String) {
        let failure = PointPart.Failure(error, of: source)
        let message = message(failure.message)
        let isNew = state.withLock { state in
            defer { state.state[keyPath: field] = message }
            return state.state[keyPath: field]?.text != message.text
        }
        if isNew { report("\(what): \(failure.message)" + (failure.hint.isEmpty ? "" : "; \(failure.hint)")) }
    }

    func worksAgain(_ field: WritableKeyPath<JournalState, JournalState.Message?>, _ what: String) {
        let failed = state.withLock { state in
            defer { state.state[keyPath: field] = nil }
            return state.state[keyPath: field] != nil
        }
        if failed { report(what) }
    }

    /// Appends to the ledger; when that fails somebody hears of it, and the journal goes on.
    func record(_ event: JournalEvent) async {
        do {
            try await context.recorder.record("journal", event)
        } catch {
            context.alarm(
                "an event of the journal of \(source) is not in the ledger: \(PointPart.Failure(error).message)")
        }
    }

    /// Writes the state file when something is new. Blocks.
    func write(_ queue: JournalQueue) {
        change { state in
            state.waitingByteCount = queue.byteCount
            state.waitingSince = queue.oldest?.rfc3339
        }
        let new = state.withLock { state -> JournalState? in
            guard state.state != state.written else { return nil }
            state.written = state.state
            return state.state
        }
        guard var new else { return }
        new.updated = context.now().rfc3339
        do {
            try new.write(context.stateFolder, source: source)
        } catch {
            report("the state file cannot be written: \(PointPart.Failure(error).message)")
        }
    }
}

/// What the ledger keeps of a journal.
struct JournalEvent: Codable, Sendable, Hashable {
    /// `started`, `gap` or `timeline`.
    var action: String
    var source: String
    var timeline: UInt32
    var server: String?
    /// Why the timeline began; what is missing.
    var reason: String?
    /// A new base is needed.
    var isBaseDue: Bool

    enum CodingKeys: String, CodingKey {
        case action, source, timeline, server, reason
        case isBaseDue = "is_base_due"
    }
}
