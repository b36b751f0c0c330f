import DataSources
import Recovery

extension RestoreRefusal {
    /// What an operator is told.
    func error(_ target: LogTarget) -> RecoveryError {
        var hints = [String]()
        if reason == .severalTimelines {
            hints.append(
                "say which history is meant: " + timelines.map { "--timeline \($0)" }.joined(separator: " or "))
        } else if !timelines.isEmpty {
            hints.append("there are: " + timelines.map { "\($0)" }.joined(separator: ", "))
        }
        if let earlier {
            hints.append("the last moment before it is \(earlier.words): --at-position \(earlier.position)")
        }
        if let later { hints.append("the first one after it is \(later.words): --at-position \(later.position)") }
        if reason == .afterEnd { hints.append("--at now takes everything that there is") }
        if reason == .noLog { hints.append("`lifeboat restore --point` restores recovery points") }
        if reason == .noBase {
            hints.append("`lifeboat backup PLAN` makes one; it must be read with `method: physical`")
        }
        return RecoveryError(
            .targetUnreachable, "\(source) cannot be restored to \(target.words): \(message)", subject: source,
            hint: hints.joined(separator: "; "), cause: self)
    }
}
