public import Runbooks

/// The report of a drill: `report.json`. Everything that the page for people shows is in it.
///
/// Keys are the names of the properties in small letters with `_`. Moments are seconds from the fault, negative before it; where
/// there was no fault, from the beginning of the drill. What was not reached or is not known is left out; it is never zero.
public struct DrillReport: Sendable, Hashable, Codable {
    /// The version of this format.
    public var format = 1
    /// The drill: `D-20261121T083000Z`.
    public var id: String
    /// The scenario's letter or word.
    public var scenario: String
    /// What happened, in a line.
    public var title: String
    /// The environment's name.
    public var environment: String
    /// How its hosts are reached.
    public var driver: String
    /// Did a person decide?
    public var isAttended: Bool
    /// What all that is random comes from; text, since not every reader of JSON takes 64 bits.
    public var seed: String
    /// When it began, RFC 3339.
    public var began: String
    /// When the fault was there, RFC 3339.
    public var faultTime: String?
    /// What took part.
    public var versions: [String]
    /// Pseudonym of who ran it.
    public var performedBy: String?
    /// Pseudonym of the second person who approved the runbook as it is; nil when nobody did.
    public var approvedBy: String?
    /// SHA-256 of scenario, environment and runbook as they are written, hexadecimal.
    public var planDigest: String?
    /// The runbook's file.
    public var runbook: String
    /// SHA-256 of the runbook, hexadecimal.
    public var runbookDigest: String
    /// The data.
    public var data: DataSize
    /// What lay between hosts and stores; nil when nothing slowed it down.
    public var link: Link?
    /// What it proved.
    public var verdict: Verdict
    /// The verdict in a line: `pass at 12 % of size`.
    public var headline: String
    /// Why, those that weigh most first.
    public var reasons: [VerdictReason]
    /// Objective against achieved.
    public var objectives: [ObjectiveRow]
    /// The marks of the recovery.
    public var moments: Moments
    /// Time that people took, a part of the times above, seconds.
    public var humanSeconds: Double
    /// What the time went to.
    public var phases: [Span]
    /// Loss by store.
    public var losses: [LossMeasure]
    /// Beats that are lost, in their order.
    public var lostBeats: [LostBeat]
    /// Beats that were acknowledged.
    public var beatCount: Int
    /// What was really done.
    public var faults: [FaultTruth]
    /// The chosen position against the truth.
    public var choice: RestoreChoice?
    /// What the runbook restored, by the ledger of what was drilled; nil when nobody could be asked.
    public var restores: [DrilledRestore]?
    /// Steps and decisions, in the order in which they were begun.
    public var steps: [Step]
    /// What was looked at in the end.
    public var proofs: [Proof]
    /// What became of tries to get out; nil when nobody listened.
    public var fence: Fence?
    /// What the observer saw.
    public var probes: [ProbeRow]
    /// Where nobody looked.
    public var gaps: [Blind]

    /// The data that was restored.
    public struct DataSize: Sendable, Hashable, Codable {
        /// Where it comes from.
        public var kind: DrillEnvironment.DataKind
        /// The point of production that came into staging; nil for synthetic data.
        public var loaded: LoadedPoint?
        /// Its size, bytes.
        public var byteCount: UInt64?
        /// Production's size, bytes.
        public var productionByteCount: UInt64?
        /// Of the one to the other, percent.
        public var scalePercent: Double?
        /// What the whole service would take at production's size, seconds: times of the phases fetch, replay and verify grow with the
        /// bytes, the others stay as they are.
        public var forecastFullSeconds: Double?
        /// The longest span over the last 30 days between what could be restored from a recovery point and now, seconds; a journal
        /// makes it shorter.
        public var exposureSeconds: Double?
    }

    /// What a proxy of the environment did to the way between hosts and stores.
    public struct Link: Sendable, Hashable, Codable {
        /// Bytes a second each way; nil when nothing limited it.
        public var bandwidth: UInt64?
        /// What each way took longer, seconds.
        public var delaySeconds: Double?
    }

    /// An objective.
    public struct ObjectiveRow: Sendable, Hashable, Codable {
        /// `rpo_database`, `rpo_files`, `rto_degraded`, `rto_full`.
        public var name: String
        /// What is accepted, seconds.
        public var objectiveSeconds: Double
        /// What was achieved, seconds.
        public var achievedSeconds: Double?
        /// For a loss: it was at least this much, seconds.
        public var leastSeconds: Double?
        /// Was it met? Nil when that is not known.
        public var isMet: Bool?
    }

    /// The marks of the recovery.
    public struct Moments: Sendable, Hashable, Codable {
        /// A probe crossed its threshold.
        public var detected: Double?
        /// Somebody said that it is an emergency.
        public var declared: Double?
        /// From here on the degraded service answered.
        public var degraded: Double?
        /// From here on the whole service answered.
        public var recovered: Double?
        /// Nobody looked any more.
        public var end: Double
    }

    /// A span of a phase.
    public struct Span: Sendable, Hashable, Codable {
        /// Which.
        public var phase: RecoveryPhase
        /// From when.
        public var begin: Double
        /// Until when.
        public var end: Double
    }

    /// A beat that was acknowledged and is not there.
    public struct LostBeat: Sendable, Hashable, Codable {
        /// Its number.
        public var number: Int
        /// When it was acknowledged.
        public var acknowledged: Double
        /// What of it is lost.
        public var stores: [BeatStore]
    }

    /// A step or a decision.
    public struct Step: Sendable, Hashable, Codable {
        /// Its name.
        public var id: String
        /// Where it was carried out; `operator` for decisions.
        public var host: String
        /// What its time counts to.
        public var phase: RecoveryPhase
        /// When its first attempt began.
        public var begin: Double
        /// When its last attempt ended; nil when it never did.
        public var end: Double?
        /// How often it was begun.
        public var attempts: Int
        /// Exit status of the last attempt.
        public var exit: Int32?
        /// Did its verification hold?
        public var isVerified: Bool?
        /// Why it failed; nil when it did not.
        public var failure: String?
        /// For a decision: what was decided.
        public var decided: String?
        /// For a decision: who decided.
        public var by: String?
    }

    /// Something that must hold.
    public struct Proof: Sendable, Hashable, Codable {
        /// `fence`, `masks`, `rows`, `files`.
        public var what: String
        /// Why it does not hold; nil when it does.
        public var failure: String?
    }

    /// The fence, as the canary and the tries tell of it.
    public struct Fence: Sendable, Hashable, Codable {
        /// Something arrived at the canary.
        public struct Heard: Sendable, Hashable, Codable {
            /// When.
            public var at: Double
            /// Where: `tcp/53`.
            public var port: String
            /// From which address and port.
            public var from: String
            /// Bytes of the beginning; none of them are kept.
            public var byteCount: Int
            /// The host whose try it was, when it was one.
            public var by: String?
        }

        /// A try to get out.
        public struct Try: Sendable, Hashable, Codable {
            /// When its round began.
            public var at: Double
            /// From which host; `canary` for its own side.
            public var host: String
            /// To where; nil when nothing could be tried.
            public var port: String?
            /// `closed`, `reached`, `sent`, `untried`.
            public var outcome: String
            /// What the system said.
            public var detail: String
        }

        /// What arrived, at most 1000.
        public var heard: [Heard]
        /// Tries, from the beginning and from the end.
        public var tries: [Try]
    }

    /// A probe.
    public struct ProbeRow: Sendable, Hashable, Codable {
        /// Its name.
        public var name: String
        /// How often it was asked.
        public var count: Int
        /// Where it failed.
        public var down: [Outage]
    }

    /// A span in which a probe failed.
    public struct Outage: Sendable, Hashable, Codable {
        /// The first failure.
        public var begin: Double
        /// The first right answer after it; nil when there was none.
        public var end: Double?
    }

    /// A span in which nobody looked.
    public struct Blind: Sendable, Hashable, Codable {
        /// From when.
        public var begin: Double
        /// Until when.
        public var end: Double
        /// The probe that was not asked; nil for all.
        public var probe: String?
    }
}
