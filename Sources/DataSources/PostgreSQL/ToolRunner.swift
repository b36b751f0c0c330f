import Dispatch
import Synchronization
import Trees

/// Runs tools for a thread that may block, such as the archiver's: the thread reads what they write. Tools may be nested.
final class ToolRunner: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var next = 0
        var isCancelled = false
    }

    private let state = Mutex(State())

    /// Starts the tool and calls `body` on this thread with its output; both end together, as with `ToolCommand.stream`.
    func run<R>(_ command: ToolCommand, _ body: (ToolOutput) throws -> R) throws -> R {
        let meeting = Meeting()
        let task = Task {
            do {
                try await command.stream { output in
                    meeting.arrive(with: output)
                    try await meeting.wait()
                }
                meeting.end(nil)
            } catch {
                meeting.end(error)
            }
        }
        let number = keep(task)
        defer { state.withLock { _ = $0.tasks.removeValue(forKey: number) } }
        guard let output = meeting.output() else {
            throw meeting.failure() ?? CancellationError()
        }
        let result = Result { try body(output) }
        // A tree error means that the tool has failed already; cancelling now would hide how.
        if case .failure(let error) = result, !(error is TreeError) { task.cancel() }
        meeting.leave()
        let failure = meeting.failure()
        switch result {
        case .success(let value):
            if let failure { throw failure }
            return value
        case .failure(let error):
            // Reads throw a tree error when the tool has failed, which itself says more.
            if error is TreeError, let failure { throw failure }
            throw error
        }
    }

    /// Ends all tools, now and for good.
    func cancel() {
        let tasks = state.withLock { state in
            state.isCancelled = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
    }

    private func keep(_ task: Task<Void, Never>) -> Int {
        let (number, isCancelled) = state.withLock { state in
            state.next += 1
            state.tasks[state.next] = task
            return (state.next, state.isCancelled)
        }
        if isCancelled { task.cancel() }
        return number
    }
}

/// Where a task that runs a tool and a thread that reads from it meet, part and hear how it ended.
private final class Meeting: Sendable {
    private struct State {
        var output: ToolOutput?
        var failure: (any Error)?
        var hasLeft = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    func arrive(with output: ToolOutput) {
        state.withLock { $0.output = output }
        arrived.signal()
    }

    /// Waits, on the task, until the thread has left or the task is cancelled.
    func wait() async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGo = state.withLock { state in
                    if !state.hasLeft { state.waiting = continuation }
                    return state.hasLeft
                }
                if mayGo { continuation.resume() }
            }
        } onCancel: {
            leave()
        }
        try Task.checkCancellation()
    }

    func leave() {
        let waiting = state.withLock { state in
            state.hasLeft = true
            return state.waiting.take()
        }
        waiting?.resume()
    }

    func end(_ failure: (any Error)?) {
        state.withLock { $0.failure = failure }
        arrived.signal()
        ended.signal()
    }

    /// The tool's output; nil when it could not be started.
    func output() -> ToolOutput? {
        arrived.wait()
        return state.withLock { $0.output }
    }

    /// Waits for the end of the tool.
    func failure() -> (any Error)? {
        ended.wait()
        return state.withLock { $0.failure }
    }
}
