import DataSources
import Journal

extension Exploration {
    /// Goes on in the log, and hands over again. MariaDB replays what lies between; PostgreSQL, whose copy has left its log, is
    /// built anew from the base, and so is a copy in which something was erased or masked.
    ///
    /// - Throws: `targetUnreachable` when there is nothing further; what locating and replaying say. After a replay that failed
    ///   the copy has no server any more.
    public func step(_ step: ExploreStep, phase: (PointRestore.Phase) -> Void = { _ in }) async throws -> Standing {
        guard !isPromoted else {
            throw RecoveryError(
                .notHandedOver, "the copy is promoted: it has left the log", subject: source.name,
                hint: "explore again to go on in the log")
        }
        _ = try server()
        let target = try await target(step)
        if source.kind == .mariadb, !copy.isChanged {
            try await replay(to: target, phase)
        } else {
            try await rebuild(at: target, phase)
        }
        if case .time(let time) = target { moment = time } else { moment = standing.lastTime ?? moment }
        return standing
    }

    private func target(_ step: ExploreStep) async throws -> LogTarget {
        switch step {
        case .to(let position): return .through(position)
        case .seconds(let seconds):
            // Where only the base is known, its own time is the one to count from.
            return .time((moment ?? plan.base.time) + seconds)
        case .transactions(let count):
            guard let last = try await next(count).last else {
                throw RecoveryError(
                    .targetUnreachable, "the log ends here: there is no further transaction", subject: source.name,
                    hint: "the journal may have more by now: explore again")
            }
            return .through(last.position)
        }
    }

    private func replay(to target: LogTarget, _ phase: (PointRestore.Phase) -> Void) async throws {
        phase(.locate)
        let start = standing.start(source.kind, like: plan.base.start)
        let stop = try await locate(target, from: start)
        guard stop.file != standing.file || stop.offset != standing.offset, let log = try await log.log(from: start)
        else {
            standing.next = stop.next
            return
        }
        let old = try server()
        isBroken = true
        try await old.stop()
        phase(.replay)
        let report = try await replayer.replay(log, to: stop, data: copy.folder, run: copy.workspace.run)
        phase(.start)
        copy = copy.with(server: try await restorer.start(data: copy.folder, run: copy.workspace.run))
        copy.replayed = Replayed(stop: stop, report: report)
        phase(.handover)
        copy.handover = try await Handover(in: context).run(copy, restored: plan.restored(copy), for: recipient)
        isBroken = false
        let before = standing
        standing = Standing(stop)
        standing.lastTime = stop.lastTime ?? before.lastTime
    }

    /// Fetches more for as long as the target may lie behind what is there.
    private func locate(_ target: LogTarget, from start: SourcePosition) async throws -> LogStop {
        while true {
            guard let log = try await log.log(from: start) else {
                throw RecoveryError(.targetUnreachable, "the log ends here", subject: source.name)
            }
            let found: Result<LogStop, any Error>
            do {
                found = .success(try await replayer.locate(target, in: log))
            } catch {
                found = .failure(error)
            }
            if case .success(let stop) = found, stop.next != nil { return stop }
            guard try await self.log.more() else { return try found.get() }
        }
    }

    /// The new copy is there before the old one goes, so that a step that fails changes nothing.
    private func rebuild(at target: LogTarget, _ phase: (PointRestore.Phase) -> Void) async throws {
        let next = try known.planner.plan(target, timeline: timeline)
        let new = try await known.restore(next, in: context).scratch(for: recipient, phase: phase)
        let old = copy
        (plan, copy) = (next, new)
        standing = Exploration.standing(next, new)
        log = Exploration.log(next, known, context, new)
        try await old.end()
    }
}

extension ScratchCopy {
    /// Is it another one than the log led to? Then nothing further of the log fits it.
    var isChanged: Bool {
        guard let handover else { return false }
        return handover.erasedCount > 0 || handover.mask != nil || handover.epochCount > 0
    }
}
