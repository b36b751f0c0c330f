import Glibc
import ObjectStore
import Synchronization

/// The observer as a process of its own.
public struct ProcessObserver: ObserverControl {
    private static let look: UInt32 = 20_000

    private let helper: HelperProcess
    private let folder: DrillFolder
    private let lane = BlockingLane(name: "observer-control", threadCount: 1)

    /// - Parameters:
    ///   - program: `lifeboat`; it is started as `lifeboat drill observe FOLDER`.
    ///   - folder: the drill's, with its scenario in it.
    ///   - namespace: the network namespace it runs in, `/run/netns/NAME`; nil for ours.
    ///   - variables: its whole environment.
    public init(program: String, folder: DrillFolder, namespace: String? = nil, variables: [String: String]) {
        let outside = namespace.map { ["nsenter", "--net=/run/netns/\($0)", "--"] } ?? []
        self.folder = folder
        helper = HelperProcess(
            name: "observer", words: outside + [program, "drill", "observe", folder.path], variables: variables,
            folder: folder.path, claim: folder.observerProcess, messages: folder.observerMessages)
    }

    /// - Throws: `DrillError.helperFailed` with what it said.
    public func start() async throws -> Int32 {
        let helper = helper
        return try await lane.run { () throws in try helper.start() }
    }

    /// Ends the observer and has another process of it look for the beats.
    public func readBack() async throws -> Int {
        await stop()
        let isCancelled = Flag()
        let helper = helper
        try await withTaskCancellationHandler {
            try await lane.run { () throws in
                let child = try helper.launch(["--read-back"])
                while true {
                    if let status = child.status {
                        if status != 0 { throw helper.failure("could not look for what was written") }
                        return
                    }
                    if isCancelled.value.load(ordering: .relaxed) { kill(child.process, SIGTERM) }
                    usleep(Self.look)
                }
            }
        } onCancel: {
            isCancelled.value.store(true, ordering: .relaxed)
        }
        try Task.checkCancellation()
        let log = LineLog<ObserverRecord>(folder.observer)
        return try await lane.run { () throws in
            var numbers: Set<Int> = []
            for case .found(let number, _, _, _) in try log.read() { numbers.insert(number) }
            return numbers.count
        }
    }

    public func stop() async {
        let helper = helper
        await lane.run { helper.stop() }
    }

    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }
}
