import Trees

/// Where the blobs of a segment go: into memory for a small file that is written at once, else into the open file.
enum SegmentTarget {
    case memory([UInt8])
    case file(any TreeSinkFile)

    /// Puts a blob in its place.
    mutating func write(_ plain: [UInt8], at offset: UInt64, in segment: RestoreSegment) throws(TreeError) {
        switch self {
        case .file(let file):
            try file.write(plain, at: offset)
        case .memory(var bytes):
            self = .memory([])  // so that the bytes are changed in place
            let start = Int(offset - segment.offset)
            bytes.replaceSubrange(start..<start + plain.count, with: plain)
            self = .memory(bytes)
        }
    }
}

/// A place in a batch that waits for a blob.
struct BlobTarget {
    /// Number of the segment in the batch.
    let segment: Int
    /// Where the blob begins in the file.
    let offset: UInt64
}
