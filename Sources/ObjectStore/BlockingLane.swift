import CLinux
import Glibc
import Synchronization

/// A few named threads for calls that block, so that none of them ever holds a thread of the cooperative pool.
///
/// Work runs in the order in which it was handed in; at most `threadCount` pieces at a time. Threads start with the first
/// piece of work and live as long as the lane.
public final class BlockingLane: Sendable {
    private let queue: WorkQueue

    /// Makes a lane of 1 ... 64 threads; `name` (up to 15 bytes) is what `ps -L` shows.
    public init(name: String, threadCount: Int) {
        precondition((1...64).contains(threadCount), "a lane has 1 to 64 threads")
        queue = WorkQueue()
        for _ in 0..<threadCount { LaneThread.start(name: name, queue: queue) }
    }

    deinit { queue.close() }

    /// Runs `body` on a thread of the lane and gives its result or error.
    public func run<T: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> T) async throws(E) -> T {
        let result: Result<T, E> = await withCheckedContinuation { continuation in
            let work = OneShot(body)
            queue.push {
                let result = work.run()
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }
}

/// A closure that is let go of before its result is handed over, so that the caller finds what it lent (the bytes of a pack)
/// its own again, to be used once more.
private final class OneShot<T: Sendable, E: Error>: Sendable {
    private let body: Mutex<(@Sendable () throws(E) -> T)?>

    init(_ body: @escaping @Sendable () throws(E) -> T) { self.body = Mutex(body) }

    func run() -> Result<T, E> {
        guard let body = body.withLock({ $0.take() }) else { preconditionFailure("work is done once") }
        return Result { () throws(E) -> T in try body() }
    }
}

/// What lane threads wait on: a list of closures under a mutex and a condition.
// Safe and Sendable: `mutex` is held whenever another property is touched, and the pointers never leave the class.
@safe final class WorkQueue: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let filled: UnsafeMutablePointer<pthread_cond_t>
    private var work: [(@Sendable () -> Void)?] = []  // nil where it was taken, so that nothing outlives its run
    private var next = 0
    private var isClosed = false

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe filled = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(filled, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(filled)
        unsafe pthread_mutex_destroy(mutex)
        unsafe filled.deallocate()
        unsafe mutex.deallocate()
    }

    func push(_ piece: @escaping @Sendable () -> Void) {
        unsafe pthread_mutex_lock(mutex)
        work.append(piece)
        unsafe pthread_cond_signal(filled)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// The next piece of work; waits for one. nil once the lane is closed and drained.
    func pop() -> (@Sendable () -> Void)? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while next == work.count {
            if isClosed { return nil }
            unsafe pthread_cond_wait(filled, mutex)
        }
        let piece = work[next]
        work[next] = nil
        next += 1
        if next == work.count {
            work.removeAll(keepingCapacity: true)
            next = 0
        }
        return piece
    }

    func close() {
        unsafe pthread_mutex_lock(mutex)
        isClosed = true
        unsafe pthread_cond_broadcast(filled)
        unsafe pthread_mutex_unlock(mutex)
    }
}

/// A detached thread that works off a queue.
private enum LaneThread {
    private final class Start: Sendable {
        let name: String
        let queue: WorkQueue

        init(name: String, queue: WorkQueue) {
            self.name = name
            self.queue = queue
        }
    }

    static func start(name: String, queue: WorkQueue) {
        let argument = unsafe Unmanaged.passRetained(Start(name: name, queue: queue)).toOpaque()
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                unsafe lb_name_this_thread(start.name)
                while let piece = start.queue.pop() { piece() }
                return nil
            }, argument)
        precondition(status == 0, "a thread could not be started: error \(status)")
        pthread_detach(thread)
    }
}
