import Journal
import Sealing

/// The log files that segments make whole, as far as they follow each other.
struct ClosedFiles: Sendable, Hashable {
    /// More in one closing are left to the next.
    private static let limit = 1000

    /// A file and its segments.
    struct File: Sendable, Hashable {
        /// The whole file.
        var header: SegmentHeader
        var members: [ChainMember]
    }

    /// In the log's order.
    let files: [File]

    /// Finds the first run of whole files in `members`, which ascend.
    init(_ members: [ChainMember]) {
        var files = [File]()
        var open: File?
        for member in members {
            guard case .segment(let header) = member.content else { continue }
            if let file = open, file.header.file == header.file, file.header.end == header.start,
                file.header.to == header.from
            {
                open = file.adding(header, member)
            } else if header.offset == 0, open == nil {
                open = File(header: header, members: [member])
            } else {
                // Something is missing: what is whole before it is closed, or else what comes behind.
                if !files.isEmpty { break }
                open = header.offset == 0 ? File(header: header, members: [member]) : nil
            }
            guard let file = open, file.header.endsFile else { continue }
            open = nil
            if let last = files.last, last.header.to != file.header.from { break }
            files.append(file)
            if files.count == Self.limit { break }
        }
        self.files = files
    }

    /// The numbers that they replace.
    var runs: [Closing.Run] {
        var runs = [Closing.Run]()
        for member in files.flatMap(\.members) {
            if let last = runs.last, last.last + 1 == member.number {
                runs[runs.count - 1].last = member.number
                runs[runs.count - 1].lastDigest = member.digest.hex
            } else {
                runs.append(Closing.Run(first: member.number, last: member.number, lastDigest: member.digest.hex))
            }
        }
        return runs
    }
}

extension ClosedFiles.File {
    fileprivate func adding(_ next: SegmentHeader, _ member: ChainMember) -> Self {
        var file = self
        file.header.byteCount += next.byteCount
        file.header.endsFile = next.endsFile
        file.header.prefixDigest = next.prefixDigest
        file.header.to = next.to
        file.header.firstTime = [header.firstTime, next.firstTime].compactMap(\.self).min()
        file.header.lastTime = [header.lastTime, next.lastTime].compactMap(\.self).max()
        file.header.written = next.written
        file.members.append(member)
        return file
    }
}

extension SegmentHeader {
    /// Where the bytes begin.
    var start: LogPlace { LogPlace(file: file, offset: offset) }
}
