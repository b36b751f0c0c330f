import Recovery

/// In which order several sources come back, and how long that may take.
struct OrderReport: Report {
    struct Step: Encodable {
        let source: String
        let restoreClass: RestoreClass
        let patterns: [String]
        let predictedSeconds: Double
        /// Sources that were finished before this run.
        let isDone: Bool

        enum CodingKeys: String, CodingKey {
            case source, patterns
            case restoreClass = "restore_class"
            case predictedSeconds = "predicted_seconds"
            case isDone = "done"
        }
    }

    let steps: [Step]
    /// Until everything that comes first is there; nil when nothing does.
    let degradedSeconds: Double?
    /// Until everything is.
    let seconds: Double

    enum CodingKeys: String, CodingKey {
        case steps
        case degradedSeconds = "predicted_degraded_seconds"
        case seconds = "predicted_seconds"
    }

    /// Nil for a single step.
    init?(
        _ order: RestoreOrder, done: Set<String> = [],
        predicting predict: (RestoreOrder.Step) async throws -> Duration
    ) async throws {
        guard order.steps.count > 1 else { return nil }
        var steps = [Step]()
        for step in order.steps {
            let isDone = done.contains(step.source)
            steps.append(
                Step(
                    source: step.source, restoreClass: step.restoreClass, patterns: step.patterns,
                    predictedSeconds: isDone ? 0 : try await predict(step) / .seconds(1), isDone: isDone))
        }
        self.steps = steps
        let first = steps.prefix { $0.restoreClass == .first }
        degradedSeconds = first.isEmpty ? nil : first.reduce(0) { $0 + $1.predictedSeconds }
        seconds = steps.reduce(0) { $0 + $1.predictedSeconds }
    }

    /// How long a step from a point may take.
    static func predicted(_ step: RestoreOrder.Step, _ restore: PointRestore) async throws -> Duration {
        let part = try restore.part(step.source)
        let bytes =
            step.patterns.isEmpty ? part.byteCount : try await restore.byteCount(of: part, matching: step.patterns)
        return RestoreRates.usual(step.kind).duration(base: bytes)
    }

    var lines: [String] {
        var lines = steps.map { step in
            let what = step.patterns.isEmpty ? step.source : "\(step.source): \(step.patterns.joined(separator: ", "))"
            let time = step.isDone ? "restored before" : Units.clock(.seconds(step.predictedSeconds))
            return "  \(step.restoreClass.rawValue): \(what), \(time)"
        }
        if let degradedSeconds {
            lines.append("predicted: degraded service after \(Units.clock(.seconds(degradedSeconds)))")
        }
        return lines + ["predicted: everything after \(Units.clock(.seconds(seconds)))"]
    }
}

extension ClassedRestore.Outcome {
    /// The times, for a person; the order says whether there was anything between.
    var lines: [String] {
        var lines = [String]()
        if let degradedSeconds { lines.append("degraded service was up after \(Units.decimal(degradedSeconds, 1)) s") }
        if degradedSeconds != nil { lines.append("everything was up after \(Units.decimal(seconds, 1)) s") }
        return lines + hookFailures.map { "FAILED: \($0)" }
    }
}
