import Synchronization
import Trees

/// A logical backup as files of a snapshot, in the layout of `DumpLayout`.
struct LogicalStream: StreamSource {
    /// What was learned while the dump passed through.
    final class Noted: Sendable {
        private let state = Mutex<(position: SourcePosition, pins: [TablePin])>((SourcePosition(), []))

        var position: SourcePosition { state.withLock { $0.position } }
        var pins: [TablePin] { state.withLock { $0.pins } }

        func set(_ position: SourcePosition, _ pins: [TablePin]) { state.withLock { $0 = (position, pins) } }
    }

    /// The source's name.
    let name: String
    /// Accounts and grants, as SQL; nil when they could not be read.
    let users: [UInt8]?
    /// When the backup began.
    let started: Timestamp
    /// The tool's output.
    let input: @Sendable (UnsafeMutableRawBufferPointer) throws -> Int
    /// Where position and pins are noted.
    let noted: Noted
    /// Writes RESTORE.md, once everything is known.
    let guide: @Sendable (SourcePosition) throws -> String

    func stream(into sink: any StreamSink) throws {
        let root = [Array(name.utf8)]
        try split(into: DumpFiles(root: root, sink: sink, modified: started))
        let metadata = Metadata(kind: .file, permissions: 0o640, modified: started)
        if let users { try sink.file(root + [Array("users.sql".utf8)], metadata, holding: users) }
        let text = Array(try guide(noted.position).utf8)
        try sink.file(root + [Array("RESTORE.md".utf8)], metadata, holding: text)
    }

    /// Takes the dump apart, and notes what it was.
    func split(into files: DumpFiles) throws {
        var splitter = DumpSplitter(into: files)
        var lexer = DumpLexer()
        let input = input
        var reader = LineReader { try input($0) }
        try reader.forEachLine { try lexer.take($0, &splitter) }
        guard lexer.isAtTop else {
            throw SourceError(.malformedStream, "the dump ends within a statement", subject: "mariadb-dump")
        }
        try splitter.finish()
        noted.set(splitter.position, files.pins)
    }
}
