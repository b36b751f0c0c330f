import Glibc

/// The files of a `ReplayLog` as PostgreSQL's recovery wants them, and as pg_waldump does.
struct WALArchive {
    /// A segment and where it lies.
    struct Segment {
        let name: WALFileName
        let file: ReplayLog.File
    }

    /// In the log's order.
    let segments: [Segment]
    /// Files of histories by their timelines.
    let histories: [UInt32: ReplayLog.File]
    let segmentByteCount: UInt64
    /// The major version that wrote it; nil for one that we do not know.
    let major: Int?

    /// The timeline that the log ends on.
    var timeline: UInt32 { segments.map(\.name.timeline).max() ?? 1 }
    /// Where the log begins.
    var begin: LSN { LSN(byteCount: number(segments[0]) * segmentByteCount) }

    /// Where its last segment ends, be it full or not.
    var end: LSN { LSN(byteCount: ((newest.last.map(number) ?? 0) + 1) * segmentByteCount) }

    /// - Throws: `SourceError.malformedStream` when a file is none of the log; `checkFailed` when there is none, or one is missing.
    init(_ log: ReplayLog) throws {
        var segments = [Segment]()
        var histories = [UInt32: ReplayLog.File]()
        for file in log.files {
            guard let name = WALFileName(file.name) else {
                throw SourceError(.malformedStream, "that is no name of a WAL file", subject: file.name)
            }
            if name.isSegment {
                segments.append(Segment(name: name, file: file))
            } else {
                histories[name.timeline] = file
            }
        }
        guard let first = segments.first else {
            throw SourceError(.checkFailed, "there is no log", subject: "PostgreSQL")
        }
        let header = try WALSegmentHeader(first.file.path)
        self.segments = segments
        self.histories = histories
        segmentByteCount = header.segmentByteCount
        major = header.major
        try checkForHoles()
    }

    /// The number of a segment, counted from the log's beginning: the same on all timelines.
    func number(_ segment: Segment) -> UInt64 {
        (segment.name.begin(segmentByteCount: segmentByteCount)?.byteCount ?? 0) / segmentByteCount
    }

    /// For each number the segment of the newest timeline, which begins with what it has from older ones; in order.
    var newest: [Segment] {
        var best = [UInt64: Segment]()
        for segment in segments {
            let number = number(segment)
            if let other = best[number], other.name.timeline > segment.name.timeline { continue }
            best[number] = segment
        }
        return best.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Puts the files into `folder` for recovery: whole segments under their names, owned by `account`.
    func lay(into folder: String, account: SystemAccount?) throws {
        try FileTree.makeFolder(folder)
        for segment in segments {
            try SegmentCopy(from: segment.file, byteCount: segmentByteCount).write("\(folder)/\(segment.name)")
        }
        for (timeline, file) in histories {
            let name = WALFileName.history(timeline: timeline)
            try SmallFile.write("\(folder)/\(name)", try SmallFile.read(file.path))
        }
        if let account { try FileTree.give(folder, to: account) }
    }

    /// Puts the files into `folder` for pg_waldump, which reads one timeline only: the newest segments, all as of timeline 1, and
    /// one more without a record, so that it need not wait for a file that never comes.
    func flatten(into folder: String) throws {
        let newest = newest
        for segment in newest {
            let place = "\(folder)/\(flat(number(segment)))"
            var status = stat()
            let isWhole = stat(segment.file.path, &status) == 0 && UInt64(status.st_size) == segmentByteCount
            if isWhole, segment.file.endOffset ?? segmentByteCount >= segmentByteCount {
                guard let path = realpath(segment.file.path, nil) else {
                    throw FileTree.failure("cannot find it", segment.file.path)
                }
                defer { free(path) }
                guard symlink(path, place) == 0 else { throw FileTree.failure("cannot make the link", place) }
            } else {
                try SegmentCopy(from: segment.file, byteCount: segmentByteCount).write(place)
            }
        }
        let after = flat((newest.last.map(number) ?? 0) + 1)
        try SmallFile.write("\(folder)/\(after)", WALSegmentHeader.empty(segmentByteCount))
        guard truncate("\(folder)/\(after)", Int(segmentByteCount)) == 0 else {
            throw FileTree.failure("cannot make it longer", "\(folder)/\(after)")
        }
    }

    private func flat(_ number: UInt64) -> WALFileName {
        WALFileName(
            at: LSN(byteCount: number * segmentByteCount), timeline: 1, segmentByteCount: segmentByteCount)
    }

    private func checkForHoles() throws {
        let newest = newest
        for (one, next) in zip(newest, newest.dropFirst()) where number(one) + 1 != number(next) {
            throw SourceError(
                .checkFailed, "the log has a hole: \(one.name) is followed by \(next.name)", subject: next.file.path)
        }
    }
}

/// What the first page of a segment says.
private struct WALSegmentHeader {
    /// Magic numbers of the pages of each version. Source: `XLOG_PAGE_MAGIC` in PostgreSQL's `xlog_internal.h`.
    private static let majors: [UInt16: Int] = [0xD106: 13, 0xD10D: 14, 0xD110: 15, 0xD113: 16, 0xD116: 17]

    let segmentByteCount: UInt64
    let major: Int?

    init(_ path: String) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileTree.failure("cannot open it", path) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 40)
        guard pread(file, &bytes, bytes.count, 0) == bytes.count, bytes[1] == 0xD1 else {
            throw SourceError(.malformedStream, "it is no WAL segment", subject: path)
        }
        segmentByteCount = bytes[32..<36].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        guard LSN.segmentByteCounts.contains(segmentByteCount) else {
            throw SourceError(.malformedStream, "its segments have \(segmentByteCount) bytes", subject: path)
        }
        major = WALSegmentHeader.majors[UInt16(bytes[1]) << 8 | UInt16(bytes[0])]
    }

    /// The header of a segment that holds nothing, but says how long it is.
    static func empty(_ segmentByteCount: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 40)
        for index in 0..<4 { bytes[32 + index] = UInt8(truncatingIfNeeded: segmentByteCount >> (8 * UInt64(index))) }
        return bytes
    }
}
