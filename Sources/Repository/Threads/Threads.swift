import CLinux
import Dispatch
import Glibc

/// Threads of our own for work that blocks or computes for long.
enum Threads {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new named thread (up to 15 bytes) with a stack of 1 MiB and returns at once.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, 1 << 20)
        defer { unsafe pthread_attr_destroy(&attributes) }
        let argument = unsafe Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                unsafe lb_name_this_thread(start.name)
                start.body()
                return nil
            }, argument)
        precondition(status == 0, "a thread could not be started: error \(status)")
        pthread_detach(thread)
    }

    /// Runs `body` on a thread of its own and waits for it without blocking a thread of the pool.
    static func run<R: Sendable>(_ name: String, _ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            start(name) { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Waits on a thread of ours for something asynchronous. Never call it from a task.
    static func wait<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) throws -> R {
        let result = Monitor<Result<R, any Error>?>(nil)
        Task {
            do {
                let value = try await body()
                result.update { $0 = .success(value) }
            } catch {
                result.update { $0 = .failure(error) }
            }
        }
        return try result.wait { $0 }.get()
    }
}
