public import Runbooks

/// Proves that what is about to be broken is staging's own.
public protocol DrillGuard: Sendable {
    /// Reads the token back from every host and data folder, and compares each with production. Gives why not; nil when all is well.
    func prove() async -> String?
}

/// The observer, as the runner sees it: another process that writes `observer.jsonl`.
public protocol ObserverControl: Sendable {
    /// Starts it unless it runs; gives its process.
    func start() async throws -> Int32
    /// Has it look for every acknowledged beat; gives how many it looked for.
    func readBack() async throws -> Int
    /// Ends it. Called again and again: fine.
    func stop() async
}

/// Breaks things, knowing nothing of the runbook.
public protocol FaultInjector: Sendable {
    /// Breaks one of the scenario's faults and writes down what it really did. A fault that was done already is not done again.
    func inject(_ fault: Int) async throws
}

/// Whoever decides.
public protocol DrillPerson: Sendable {
    /// Who it is, for the record: a pseudonym or `unattended`.
    var name: String { get }
    /// Says that this is an emergency. Returns when it has been said.
    func declare(_ probe: String) async throws
    /// Answers, seeing the proposal's output; the proposed answer is its last line.
    func decide(_ decision: RunbookDecision, proposal: ScriptOutcome?) async throws -> String
}

/// Nobody decides: what is proposed is taken.
public struct Unattended: DrillPerson {
    /// `unattended`.
    public var name: String { "unattended" }

    /// Nobody.
    public init() {}

    public func declare(_ probe: String) async throws {}

    public func decide(_ decision: RunbookDecision, proposal: ScriptOutcome?) async throws -> String {
        guard let proposal else {
            throw DrillError(
                .unsupported, "wants a person: it has no proposal", subject: decision.id,
                hint: "run the drill --attended, or add a block `sh {proposes=\"\(decision.id)\" …}`")
        }
        if let failure = proposal.failure {
            throw DrillError(.helperFailed, "the proposal failed: \(failure)", subject: decision.id)
        }
        guard let answer = proposal.lastLine else {
            throw DrillError(.helperFailed, "the proposal proposes nothing", subject: decision.id)
        }
        return answer
    }
}

/// Something that must hold, and why it does not.
public struct DrillProof: Sendable, Hashable {
    /// `fence`, `masks`, `rows`, `files`.
    public var what: String
    /// Why it does not hold; nil when it does.
    public var failure: String?

    /// A proof.
    public init(_ what: String, _ failure: String?) {
        self.what = what
        self.failure = failure
    }
}

/// What a preparation came to.
public struct DrillPrepared: Sendable, Hashable {
    /// All must hold.
    public var proofs: [DrillProof]
    /// What was brought into staging; nil when nothing was.
    public var loaded: LoadedPoint?

    /// What it came to.
    public init(_ proofs: [DrillProof], loaded: LoadedPoint? = nil) {
        self.proofs = proofs
        self.loaded = loaded
    }
}

/// A recovery point of production as it came into staging.
public struct LoadedPoint: Sendable, Hashable, Codable {
    /// Its ID.
    public var point: String
    /// The moment it is of, RFC 3339.
    public var moment: String
    /// The database source.
    public var source: String
    /// Bytes of it in the repository's terms: as they were read.
    public var byteCount: UInt64
    /// The mask profile.
    public var mask: String
    /// Columns that were masked.
    public var maskedColumnCount: Int
    /// Known personal values that were looked for in what came into staging.
    public var lookedForCount: Int
    /// Subjects that had asked to be erased since, and were.
    public var erasedCount: Int
    /// How long masking took, seconds; no part of any recovery time.
    public var maskSeconds: Double

    /// A point.
    public init(
        point: String, moment: String, source: String, byteCount: UInt64, mask: String, maskedColumnCount: Int,
        lookedForCount: Int, erasedCount: Int, maskSeconds: Double
    ) {
        self.point = point
        self.moment = moment
        self.source = source
        self.byteCount = byteCount
        self.mask = mask
        self.maskedColumnCount = maskedColumnCount
        self.lookedForCount = lookedForCount
        self.erasedCount = erasedCount
        self.maskSeconds = maskSeconds
    }
}

/// Makes something so before anything else of a drill begins, and proves it: the fence, masked data of production.
public protocol DrillPreparation: Sendable {
    /// Its name, for the record.
    var what: String { get }
    /// Must staging be cleared when it was begun?
    var changesStaging: Bool { get }
    /// Looks, before staging is changed, whether that may be. A proof that does not hold ends the drill.
    func check() async throws -> [DrillProof]
    /// Makes it so; done again when a runner died in it. A proof that does not hold ends the drill.
    func prepare() async throws -> DrillPrepared
    /// A runner that died has done it; this one goes on.
    func resume() async throws
    /// The drill has ended. Called again: fine.
    func end() async
}

extension DrillPreparation {
    /// Nothing has to be looked at.
    public func check() async throws -> [DrillProof] { [] }
}

/// Looks at what else must hold at the end: the fence, masks, rows and files.
public protocol DrillExaminer: Sendable {
    /// What was looked at, each with why it does not hold; nil when it does.
    func examine() async -> [(what: String, failure: String?)]
}

/// Brings staging back to what it was before the drill.
public protocol StagingClearing: Sendable {
    /// Clears it.
    func clear() async throws
}
