import Sealing
import Synchronization
import Trees

/// A file whose pieces are being stored. It is finished by whoever completes the last piece.
final class FileJob: Sendable {
    private struct State {
        var content: [BlobID?] = []
        var remaining = 1  // the scanner itself, until `read`
        var byteCount: UInt64 = 0
        var hasFailed = false
    }

    let directory: DirectoryJob
    let slot: Int
    private let node: Node
    let isNew: Bool
    private let state = Mutex(State())

    init(directory: DirectoryJob, slot: Int, node: Node, isNew: Bool) {
        self.directory = directory
        self.slot = slot
        self.node = node
        self.isNew = isNew
    }

    /// Another piece is on its way; gives its place.
    func expect(_ byteCount: Int) -> Int {
        state.withLock { state in
            state.content.append(nil)
            state.remaining += 1
            state.byteCount += UInt64(byteCount)
            return state.content.count - 1
        }
    }

    /// A piece is stored. True when nothing is missing any more.
    func complete(_ piece: Int, _ id: BlobID) -> Bool {
        state.withLock { state in
            state.content[piece] = id
            state.remaining -= 1
            return state.remaining == 0
        }
    }

    /// The scanner has read all of it, or given up. True when nothing is missing any more.
    func read(hasFailed: Bool) -> Bool {
        state.withLock { state in
            state.hasFailed = hasFailed
            state.remaining -= 1
            return state.remaining == 0
        }
    }

    /// The finished node; nil when reading failed. Its size is what was read.
    var finished: Node? {
        state.withLock { state in
            guard !state.hasFailed else { return nil }
            var node = node
            node.content = state.content.compactMap { $0 }
            node.metadata.byteCount = state.byteCount
            return node
        }
    }
}
