import ObjectStore
public import Sealing
import Synchronization
public import Trees

/// Whether others may work beside us.
public enum LockKind: Sendable, Hashable {
    /// Others may read and add.
    case shared
    /// Nobody else may do anything: something is about to be deleted.
    case exclusive
}

/// Clock and identity that locks need; handed in, so that tests can turn the clock.
public struct LockSettings: Sendable {
    /// Who we are.
    public var owner: LockOwner
    /// Wall time, for the record that others read.
    public var now: @Sendable () -> Timestamp
    /// How often a held lock is written anew; restic: 5 minutes.
    public var refreshInterval: Duration = .seconds(300)
    /// After this time without a refresh our own lock counts as lost; restic stops after 22.5 minutes, and removes foreign
    /// locks after 30.
    public var staleAfter: Duration = .seconds(1350)
    /// How long to go on trying while another holds the repository; restic: `--retry-lock`.
    public var retryFor: Duration = .zero
    /// Time between looking and looking again, so that two that lock at once see each other.
    public var settle: Duration = .milliseconds(200)
    /// Called with the reason when a refresh fails.
    public var report: @Sendable (any Error) -> Void = { _ in }

    /// Settings with restic's times.
    public init(owner: LockOwner, now: @escaping @Sendable () -> Timestamp) {
        self.owner = owner
        self.now = now
    }
}

/// A real restic lock in `locks/`: written before work, refreshed while it lasts, deleted after.
///
/// Taking one: list and read all locks, give way to any that excludes ours; write ours; wait a moment; look again and take
/// ours back when another came at the same time.
public final class RepositoryLock: Sendable {
    private struct State {
        var digest: Digest
        var refreshed: ContinuousClock.Instant
        var isLost = false
    }

    private let repository: OpenRepository
    /// Whether others may work beside us.
    public let kind: LockKind
    private let settings: LockSettings
    private let state: Mutex<State>
    private let refresher = Mutex<Task<Void, Never>?>(nil)

    private init(repository: OpenRepository, kind: LockKind, settings: LockSettings, digest: Digest) {
        self.repository = repository
        self.kind = kind
        self.settings = settings
        state = Mutex(State(digest: digest, refreshed: ContinuousClock.now))
    }

    /// Takes a lock, waiting up to `settings.retryFor` for others to finish.
    ///
    /// Throws `.locked` with who holds it since when.
    public static func take(
        _ kind: LockKind, on repository: OpenRepository, _ settings: LockSettings
    ) async throws -> RepositoryLock {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: settings.retryFor)
        var pause = Duration.seconds(1)
        while true {
            do {
                return try await attempt(kind, on: repository, settings)
            } catch let error as RepositoryError where error.code == .locked && clock.now < deadline {
                try await clock.sleep(for: min(pause, clock.now.duration(to: deadline)))
                pause = min(pause * 2, .seconds(10))
            }
        }
    }

    private static func attempt(
        _ kind: LockKind, on repository: OpenRepository, _ settings: LockSettings
    ) async throws -> RepositoryLock {
        try await giveWay(kind, on: repository, except: nil)
        let digest = try await write(kind, to: repository, settings)
        do {
            try await Task.sleep(for: settings.settle)
            try await giveWay(kind, on: repository, except: digest)
        } catch {
            await remove(digest, from: repository)
            throw error
        }
        let lock = RepositoryLock(repository: repository, kind: kind, settings: settings, digest: digest)
        lock.startRefreshing()
        return lock
    }

    /// Stores a lock. When that fails it may be there all the same, for the answer can be lost; so it is removed.
    private static func write(
        _ kind: LockKind, to repository: OpenRepository, _ settings: LockSettings
    ) async throws -> Digest {
        let record = settings.owner.record(exclusive: kind == .exclusive, time: settings.now().rfc3339)
        let sealed = repository.ciphers.seal(try UnpackedFile.pack(try record.json()))
        let digest = SHA256.digest(sealed)
        do {
            try await repository.store.put(Layout.object(Layout.locks, digest), sealed)
        } catch {
            await remove(digest, from: repository)
            throw error
        }
        return digest
    }

    private static func giveWay(_ kind: LockKind, on repository: OpenRepository, except own: Digest?) async throws {
        for (digest, record) in try await repository.lockRecords() where digest != own {
            guard let record else {
                throw conflict("a lock that cannot be read", digest, repository)
            }
            if record.exclusive || kind == .exclusive { throw conflict(record.holder, digest, repository) }
        }
    }

    private static func conflict(_ holder: String, _ digest: Digest, _ repository: OpenRepository) -> RepositoryError {
        RepositoryError(
            .locked, "the repository is locked: \(holder)",
            subject: repository.describe(Layout.object(Layout.locks, digest)),
            hint: "wait for it (--retry-lock 10m), or, when that process is gone, run `lifeboat unlock`",
            isTransient: true)
    }

    // MARK: While it is held

    private func startRefreshing() {
        let task = Task { [weak self, settings] in
            while !Task.isCancelled {
                do { try await Task.sleep(for: settings.refreshInterval) } catch { return }
                guard let self else { return }
                do { try await self.refresh() } catch { settings.report(error) }
            }
        }
        refresher.withLock { $0 = task }
    }

    /// Writes the lock anew under the present time, then deletes the one before.
    ///
    /// A lock that went, or that was not refreshed in time, is lost for good: others may have worked in between, and a new
    /// object would only hide that. Throws `.lockLost`.
    func refresh() async throws {
        try await prove()
        let digest = try await RepositoryLock.write(kind, to: repository, settings)
        let old = state.withLock { state in
            defer {
                state.digest = digest
                state.refreshed = ContinuousClock.now
            }
            return state.digest
        }
        if old != digest { await RepositoryLock.remove(old, from: repository) }
    }

    /// Proves that the lock has protected us all the time: the object is there, and was refreshed in time. Asked before
    /// anything that relies on it is made visible; a process that was stopped for an hour finds out here.
    ///
    /// Throws `.lockLost`.
    public func prove() async throws {
        // Twice when a refresh replaced the object between reading its name and looking for it.
        for _ in 0..<2 {
            let before = state.withLock { $0 }
            let isThere = try await exists(before.digest)
            let isFresh = before.refreshed.duration(to: ContinuousClock.now) < settings.staleAfter
            let isLost = state.withLock { state in
                guard state.digest == before.digest else { return state.isLost }
                state.isLost = state.isLost || !isThere || !isFresh
                return state.isLost
            }
            if isLost {
                throw RepositoryError(
                    .lockLost,
                    isThere ? "our lock was not refreshed in time" : "our lock was removed while we worked",
                    subject: repository.describe(Layout.object(Layout.locks, before.digest)),
                    hint: "what was uploaded stays and is used again: run the same command once more")
            }
            if isThere { return }
        }
    }

    /// Was the lock lost? When that cannot be found out, the reason is thrown.
    func isLost() async throws -> Bool {
        do {
            try await prove()
            return false
        } catch let error as RepositoryError {
            if error.code == .lockLost { return true }
            throw error
        }
    }

    private func exists(_ digest: Digest) async throws -> Bool {
        do {
            _ = try await repository.store.head(Layout.object(Layout.locks, digest))
            return true
        } catch {
            guard error.code == .notFound else { throw error }
            return false
        }
    }

    /// Gives the lock up.
    public func release() async {
        let refreshing = refresher.withLock { $0.take() }
        refreshing?.cancel()
        // A refresh under way may just have stored a lock that nobody else would remove.
        await refreshing?.value
        await RepositoryLock.remove(state.withLock { $0.digest }, from: repository)
    }

    /// Deletes a lock even when the task was cancelled: a lock left behind stops others for half an hour.
    private static func remove(_ digest: Digest, from repository: OpenRepository) async {
        let name = Layout.object(Layout.locks, digest)
        // Losing the error is right: the lock grows stale by itself, and the work it protected is done or has failed already.
        await Task.detached { try? await repository.store.delete(name) }.value
    }
}

extension OpenRepository {
    /// Runs `body` under a lock and gives the lock up afterwards, whatever happens.
    public func locked<R: Sendable>(
        _ kind: LockKind, _ settings: LockSettings, _ body: (RepositoryLock) async throws -> R
    ) async throws -> R {
        let lock = try await RepositoryLock.take(kind, on: self, settings)
        do {
            let result = try await body(lock)
            await lock.release()
            return result
        } catch {
            await lock.release()
            throw error
        }
    }

    /// All locks; nil in place of a record that cannot be read. Zero-byte objects are ignored, as restic does.
    public func lockRecords() async throws -> [(digest: Digest, record: LockRecord?)] {
        var records = [(digest: Digest, record: LockRecord?)]()
        for digest in try await list(Layout.locks) {
            do {
                records.append((digest, try LockRecord(json: try await load(Layout.locks, digest))))
            } catch let error where isNotFound(error) {
                continue  // released since it was listed
            } catch is StoreError {
                throw RepositoryError(
                    .locked, "a lock cannot be read", subject: describe(Layout.object(Layout.locks, digest)),
                    isTransient: true)
            } catch {
                records.append((digest, nil))
            }
        }
        return records
    }

    /// Removes stale locks: older than 30 minutes by our clock, or held by a process of this host that is gone. With `all`,
    /// every lock. Gives the number removed.
    public func unlock(
        all: Bool, now: Timestamp, hostname: String, isAlive: (Int32) -> Bool
    ) async throws -> Int {
        var stale = [String]()
        for (digest, record) in try await lockRecords() {
            let age = record.flatMap { Timestamp(rfc3339: $0.time) }.map { now.seconds - $0.seconds }
            let isOld = age.map { $0 > 1800 } ?? false
            let isDead = record.map { $0.hostname == hostname && !isAlive($0.pid) } ?? false
            if all || isOld || isDead { stale.append(Layout.object(Layout.locks, digest)) }
        }
        try await store.delete(stale)
        return stale.count
    }
}

extension OpenRepository {
    /// Removes the locks that `isLeft` says nobody holds any more. Those that cannot be read stay. Gives the number removed.
    public func removeLocks(_ isLeft: (LockRecord) -> Bool) async throws -> Int {
        let left = try await lockRecords().filter { $0.record.map(isLeft) ?? false }
        try await store.delete(left.map { Layout.object(Layout.locks, $0.digest) })
        return left.count
    }
}

/// Does the error say that an object is not there?
func isNotFound(_ error: any Error) -> Bool {
    (error as? StoreError)?.code == .notFound
}
