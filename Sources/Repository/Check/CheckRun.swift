import ObjectStore
import Sealing
import Synchronization

/// One check while it runs: settings, and what was found so far.
final class CheckRun: Sendable {
    let settings: CheckSettings
    private let state = Mutex(CheckReport())

    init(_ settings: CheckSettings) { self.settings = settings }

    var report: CheckReport {
        state.withLock { report in
            var report = report
            report.damagedPacks = Set(report.damagedPacks).sorted()
            return report
        }
    }

    /// Counts a finding and hands it on.
    func find(
        _ severity: CheckFinding.Severity, _ code: CheckFinding.Code, _ message: String, subject: String,
        hint: String = ""
    ) {
        state.withLock { report in
            switch severity {
            case .note: report.noteCount += 1
            case .warning: report.warningCount += 1
            case .error: report.errorCount += 1
            }
            settings.report(CheckFinding(severity, code, message, subject: subject, hint: hint))
        }
    }

    func update(_ body: (inout CheckReport) -> Void) { state.withLock { body(&$0) } }

    /// Notes a pack that has to be repaired.
    func noteDamage(_ pack: PackID) { update { $0.damagedPacks.append(pack.hex) } }

    func advance(
        _ phase: CheckProgress.Phase, _ count: Int, of total: Int?, byteCount: UInt64 = 0, totalByteCount: UInt64 = 0
    ) {
        settings.progress(
            CheckProgress(
                phase: phase, count: count, total: total, byteCount: byteCount, totalByteCount: totalByteCount))
    }
}

extension OpenRepository {
    /// Looks for damage: everything that restic's check finds, and what it does not: lengths that are wrong in index and pack
    /// alike, sizes that are not the sum of blobs, names that cannot be restored, different files that look like hard links
    /// of each other. With data, each pack is read, and each blob opened and compared with its ID.
    ///
    /// Findings are reported as they are made; throws only what ends the check, such as a store that cannot be reached. Hold a
    /// shared lock meanwhile, or a prune at the same time looks like damage. Backups may run: snapshots are listed before the
    /// index, so all that they need was indexed before.
    public func check(_ settings: CheckSettings = CheckSettings()) async throws -> CheckReport {
        try settings.validate()
        let run = CheckRun(settings)
        try await checkKeys(run)
        try await checkSideObjects(run)
        let list = try await snapshots()
        let indexed = try await self.indexed(skippingDamaged: true)
        let packs = try await StoredPacks.list(of: self)
        try await Threads.run("check") { IndexCheck(indexed, packs, run).check() }
        try await checkSnapshots(list, indexed, run)
        indexed.windows.clear()
        try await PackCheck(indexed, packs, run).check()
        return run.report
    }

    private func checkKeys(_ run: CheckRun) async throws {
        var usable = 0
        for info in try await store.list(prefix: Layout.keys) where Layout.digest(of: info.name) != nil {
            do {
                _ = try await KeyRing.load(info, from: store)
                usable += 1
            } catch let error as RepositoryError {
                run.find(
                    .error, .keyDamaged, error.message, subject: error.subject,
                    hint: "bring it back from a copy, or remove it: restic stops looking for keys where it meets one")
            }
        }
        if usable == 0 {
            run.find(
                .error, .keyDamaged, "there is no key file that could open this repository again",
                subject: "keys/ of \(location)", hint: "add one now, while it is open: `lifeboat key add`")
        } else if usable > Limits.keyFiles {
            run.find(
                .warning, .keyDamaged,
                "there are \(usable) key files, and restic tries no more than \(Limits.keyFiles)",
                subject: "keys/ of \(location)", hint: "remove those that are no longer used: `lifeboat key remove`")
        }
    }

    private func checkSideObjects(_ run: CheckRun) async throws {
        for name in try await Removals.lists(of: self).unreadable {
            run.find(
                .note, .removalListUnreadable, "a removal list of prune cannot be read; nothing is deleted by it",
                subject: describe(name))
        }
        for (digest, record) in try await lockRecords() where record == nil {
            run.find(
                .note, .lockUnreadable, "a lock cannot be read; it keeps others from working",
                subject: describe(Layout.object(Layout.locks, digest)),
                hint: "`lifeboat unlock --remove-all` removes it")
        }
    }

    private func checkSnapshots(_ list: SnapshotList, _ indexed: IndexedRepository, _ run: CheckRun) async throws {
        for (id, error) in list.damaged {
            run.find(
                .error, .snapshotDamaged, BlobReader.reason(error),
                subject: describe(Layout.object(Layout.snapshots, id.digest)),
                hint: "other snapshots are not affected; a replica or another copy of this file can replace it")
        }
        run.update { $0.snapshotCount = list.entries.count }
        run.advance(.snapshots, list.entries.count, of: list.entries.count)
        try await TreeCheck(indexed, list.entries, run).check()
    }
}
