/// Does `count` pieces of work on a few threads of their own, each thread with tools that `tools` makes for it.
///
/// The first failure ends all threads and is thrown; so does cancelling the task.
func inParallel<Tools>(
    _ name: String, _ count: Int, threadCount: Int, tools: @escaping @Sendable () -> Tools,
    body: @escaping @Sendable (Tools, Int) throws -> Void
) async throws {
    guard count > 0 else { return }
    let next = SharedCounter()
    let flag = StopFlag()
    try await withTaskCancellationHandler {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<min(max(1, threadCount), count) {
                group.addTask {
                    try await Threads.run("\(name)-\(number)") {
                        let own = tools()
                        do {
                            while !flag.isRaised, case let index = next.add(1) - 1, index < count {
                                try body(own, index)
                            }
                        } catch {
                            flag.raise()
                            throw error
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    } onCancel: {
        flag.raise()
    }
    try Task.checkCancellation()
}
