import Glibc
import Repository
import Trees

/// Locks of journals of this source on this machine that were killed while they made a snapshot. Only one journal runs for a
/// source, so those that ran before hold nothing any more; locks of anybody else are left alone.
struct LeftLocks: Sendable {
    /// Clocks of the kernel and of the wall may differ by so much, seconds.
    private static let margin = 2.0
    private let context: RecoveryContext

    init(_ context: RecoveryContext) { self.context = context }

    /// Removes them. What cannot be removed now the next start removes.
    func remove(_ board: JournalBoard) async {
        let (own, processes) = (context.locks.owner, board.snapshot.processes ?? [])
        let earlier = processes.dropLast()
        guard !earlier.isEmpty else { return }
        do {
            let count = try await context.repository.removeLocks { lock in
                lock.hostname == own.hostname && lock.username == own.username
                    && earlier.contains { LeftLocks.isOf($0, lock) && LeftLocks.isGone(lock) }
            }
            if count > 0 { board.report("removed \(count) lock\(count == 1 ? "" : "s") of a journal that was killed") }
            board.change { $0.processes = processes.suffix(1) }
        } catch {
            board.report("locks of a journal that was killed stay for now: \(PointPart.Failure(error).message)")
        }
    }

    private static func isOf(_ process: JournalState.Process, _ lock: LockRecord) -> Bool {
        guard let began = Timestamp(rfc3339: process.started), let time = Timestamp(rfc3339: lock.time) else {
            return false
        }
        return process.id == lock.pid && time.fraction >= began.fraction
    }

    /// There is no process of that number, or it is another one: it began after the lock was written.
    private static func isGone(_ lock: LockRecord) -> Bool {
        guard lock.pid > 0, kill(lock.pid, 0) == 0 || errno == EPERM else { return true }
        guard let time = Timestamp(rfc3339: lock.time), let began = ProcessTime.began(lock.pid) else { return false }
        return began > time.fraction + margin
    }
}

/// When processes began. Source: proc(5), `/proc/PID/stat` field 22 in clock ticks since the machine was started.
enum ProcessTime {
    /// Seconds since 1970; nil when it cannot be known.
    static func began(_ process: Int32) -> Double? {
        // The second field is a name in parentheses that may hold anything.
        guard let text = text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]), let booted else { return nil }
        return booted + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static var booted: Double? {
        text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap {
            Double($0.dropFirst(6))
        }
    }

    private static func text(_ path: String) -> String? {
        guard let file = try? SpoolFile.ifThere(path), let bytes = try? file.read(at: 0, count: 1 << 20) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
