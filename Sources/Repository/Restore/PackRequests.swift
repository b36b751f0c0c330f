import Sealing

/// Collects the blobs that a batch needs and makes few reads of them: blobs that lie near each other in a pack are fetched
/// together, gap and all.
struct PackRequests {
    struct Blob {
        let id: BlobID
        let place: BlobPlace
        var targets: [BlobTarget]
    }

    /// One read.
    struct Request {
        let pack: Int
        var range: Range<UInt64>
        var blobs: [Blob]
    }

    /// A gap of this many bytes is read rather than skipped: about what a request costs otherwise.
    private static let gapByteCount: UInt64 = 128 << 10
    /// No read is longer, except for a single blob.
    private static let byteCountLimit: UInt64 = 8 << 20

    private let table: BlobTable
    private var blobs: [Int: Blob] = [:]

    init(table: BlobTable) { self.table = table }

    /// Wants the blob of a table entry at one more place.
    mutating func add(_ id: BlobID, entry: Int, to target: BlobTarget) {
        blobs[entry, default: Blob(id: id, place: table.place(of: entry), targets: [])].targets.append(target)
    }

    /// The reads, in order of pack and offset.
    mutating func merged() -> [Request] {
        let sorted = blobs.values.sorted { ($0.place.pack, $0.place.offset) < ($1.place.pack, $1.place.offset) }
        blobs = [:]
        var requests = [Request]()
        for blob in sorted {
            let range = blob.place.range
            if let last = requests.last, last.pack == blob.place.pack,
                range.lowerBound <= last.range.upperBound + PackRequests.gapByteCount,
                range.upperBound - last.range.lowerBound <= PackRequests.byteCountLimit
            {
                let end = max(last.range.upperBound, range.upperBound)
                requests[requests.count - 1].range = last.range.lowerBound..<end
                requests[requests.count - 1].blobs.append(blob)
            } else {
                requests.append(Request(pack: blob.place.pack, range: range, blobs: [blob]))
            }
        }
        return requests
    }
}
