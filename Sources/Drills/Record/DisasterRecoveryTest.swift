/// The record of one drill: one row of `disaster_recovery_tests`, whose columns are the keys of its JSON.
///
/// Times are RFC 3339 in UTC, durations seconds. What was not reached, not measured or not known is nil; it is never zero.
public struct DisasterRecoveryTest: Sendable, Hashable, Codable {
    /// Its name: `D-20261121T083000Z`.
    public var id: String
    /// The scenario's: `D`.
    public var scenario: String
    /// The environment's name.
    public var environment: String
    /// Did a person decide?
    public var isAttended: Bool
    /// `DrillEnvironment.DataKind` as text.
    public var dataKind: String
    /// Bytes of the data that was restored.
    public var dataByteCount: UInt64?
    /// These as a percentage of production's, 0 or more.
    public var scalePercent: Double?
    /// What got through between hosts and stores, bytes a second each way; nil when nothing limited it.
    public var bandwidth: UInt64?
    /// What each way took longer.
    public var delaySeconds: Double?
    /// The recovery point it was restored from.
    public var pointID: String?
    /// Where the restored database stands: a GTID or an LSN.
    public var targetPosition: String?
    /// When the first fault was there, by the truth of the injector.
    public var faultAt: String?
    /// When a probe crossed its threshold.
    public var detectedAt: String?
    /// When somebody said that it is an emergency.
    public var declaredAt: String?
    /// When the degraded service answered.
    public var degradedAt: String?
    /// When the whole service answered.
    public var recoveredAt: String?
    /// The longest time to a degraded service that is accepted; nil when there is no such state.
    public var degradedObjectiveSeconds: Double?
    /// How long it took from the fault.
    public var degradedSeconds: Double?
    /// The longest time to the whole service that is accepted.
    public var fullObjectiveSeconds: Double?
    /// How long it took from the fault.
    public var fullSeconds: Double?
    /// How much of that people took: declaring and deciding.
    public var humanSeconds: Double?
    /// The longest span of rows that is accepted to be lost. That of files stands in the report.
    public var rpoObjectiveSeconds: Double?
    /// Rows that were lost before the fault, as the longest span that can have been.
    public var rpoDatabaseSeconds: Double?
    /// Files, the same.
    public var rpoFilesSeconds: Double?
    /// Acknowledged writes after the fault that the restored system lacks.
    public var lostAfterFault: Int?
    /// Acknowledged writes that are missing with later ones there.
    public var holes: Int?
    /// `Verdict` as text.
    public var verdict: String
    /// `lifeboat 0.1.0` and what else took part.
    public var versions: [String]
    /// The runbook as it was read, hexadecimal.
    public var runbookDigest: String?
    /// Is runbook, scenario or environment, as they are written, another than at the last drill of the scenario? Nil for the first.
    public var isPlanChangedSinceLast: Bool?
    /// The object in the store with the report.
    public var reportObject: String?
    /// The running number of the event that recorded it; nil until then. The catalog fills it in.
    public var eventSequence: UInt64?
    /// Pseudonym of who ran it; the actor of the event when nil.
    public var performedBy: String?
    /// Pseudonym of who approved the runbook, or the data; nil when nobody had to.
    public var approvedBy: String?

    enum CodingKeys: String, CodingKey {
        case id, scenario, environment, holes, verdict, versions
        case isAttended = "attended"
        case dataKind = "data_kind"
        case dataByteCount = "data_bytes"
        case scalePercent = "scale_percent"
        case bandwidth = "bandwidth_bytes_s"
        case delaySeconds = "delay_s"
        case pointID = "point_id"
        case targetPosition = "target_position"
        case faultAt = "fault_at"
        case detectedAt = "detected_at"
        case declaredAt = "declared_at"
        case degradedAt = "degraded_at"
        case recoveredAt = "recovered_at"
        case degradedObjectiveSeconds = "rto_degraded_objective_s"
        case degradedSeconds = "rto_degraded_s"
        case fullObjectiveSeconds = "rto_full_objective_s"
        case fullSeconds = "rto_full_s"
        case humanSeconds = "human_s"
        case rpoObjectiveSeconds = "rpo_objective_s"
        case rpoDatabaseSeconds = "rpo_database_s"
        case rpoFilesSeconds = "rpo_files_s"
        case lostAfterFault = "lost_after_fault"
        case runbookDigest = "runbook_digest"
        case isPlanChangedSinceLast = "plan_changed_since_last"
        case reportObject = "report_object"
        case eventSequence = "event_sequence"
        case performedBy = "performed_by"
        case approvedBy = "approved_by"
    }

    /// A drill of which nothing is measured yet.
    public init(
        id: String, scenario: String, environment: String, isAttended: Bool, dataKind: DrillEnvironment.DataKind,
        verdict: Verdict, versions: [String]
    ) {
        self.id = id
        self.scenario = scenario
        self.environment = environment
        self.isAttended = isAttended
        self.dataKind = dataKind.rawValue
        self.verdict = verdict.rawValue
        self.versions = versions
    }

    /// The columns, in the order in which they are documented.
    public static let columns = [
        "id", "scenario", "environment", "attended", "data_kind", "data_bytes", "scale_percent", "point_id",
        "target_position", "fault_at", "detected_at", "declared_at", "degraded_at", "recovered_at",
        "rto_degraded_objective_s", "rto_degraded_s", "rto_full_objective_s", "rto_full_s", "human_s",
        "rpo_objective_s", "rpo_database_s", "rpo_files_s", "lost_after_fault", "holes", "verdict", "versions",
        "runbook_digest", "plan_changed_since_last", "report_object", "event_sequence", "performed_by", "approved_by",
        "bandwidth_bytes_s", "delay_s",
    ]
}
