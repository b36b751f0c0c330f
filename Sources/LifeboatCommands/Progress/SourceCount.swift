import ObjectStore
import Synchronization
import Trees

/// How much there is to back up, found out by a walk of its own beside the backup, so that the progress line can say how much
/// is left.
final class SourceCount: Sendable {
    private let bytes = Atomic<UInt64>(0)
    private let files = Atomic<UInt64>(0)
    private let isDone = Atomic<Bool>(false)
    private let isStopped = Atomic<Bool>(false)

    /// Bytes of all files; nil until the walk is done.
    var byteCount: UInt64? { isDone.load(ordering: .acquiring) ? bytes.load(ordering: .relaxed) : nil }
    /// All files; nil until the walk is done.
    var fileCount: UInt64? { isDone.load(ordering: .acquiring) ? files.load(ordering: .relaxed) : nil }

    /// Walks the source on a thread of its own until it is done or stopped. What cannot be read is for the backup to tell.
    func walk(_ source: any TreeSource, on lane: BlockingLane) async {
        await withTaskCancellationHandler {
            await lane.run {
                guard let root = try? source.root() else { return }
                self.walk(root)
                if !self.isStopped.load(ordering: .relaxed) { self.isDone.store(true, ordering: .releasing) }
            }
        } onCancel: {
            isStopped.store(true, ordering: .relaxed)
        }
    }

    private func walk(_ root: any SourceDirectory) {
        var open: [any SourceDirectory] = [root]
        while let directory = open.popLast(), !isStopped.load(ordering: .relaxed) {
            guard let listing = try? directory.entries() else { continue }
            for entry in listing.entries {
                switch entry.metadata.kind {
                case .directory: if let below = try? directory.directory(entry) { open.append(below) }
                case .file:
                    files.add(1, ordering: .relaxed)
                    bytes.add(entry.metadata.byteCount, ordering: .relaxed)
                default: break
                }
            }
        }
    }
}
