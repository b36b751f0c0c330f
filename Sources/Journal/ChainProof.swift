public import Sealing

/// An object of a chain, without its bytes.
public struct ChainMember: Sendable, Hashable {
    /// What it is.
    public enum Content: Sendable, Hashable {
        /// Log.
        case segment(SegmentHeader)
        /// Says that segments are in a snapshot by now.
        case closing(Closing)
        /// Says that the objects before it cannot be read.
        case mend(Mend)
    }

    /// Its number.
    public let number: UInt64
    /// SHA-256 of its stored bytes.
    public let digest: Digest
    /// What it is.
    public let content: Content

    /// Describes an object.
    public init(number: UInt64, digest: Digest, content: Content) {
        self.number = number
        self.digest = digest
        self.content = content
    }
}

/// A number of a chain as it was found.
struct ChainLink: Sendable {
    /// What was found under the number.
    enum State: Sendable {
        case object(Object)
        case damaged(String)
    }

    struct Object: Sendable {
        let digest: Digest
        let predecessor: Digest?
        let content: ChainMember.Content
        let storedByteCount: UInt64
    }

    let number: UInt64
    let state: State
}

extension ChainLink.Object {
    init(_ object: JournalObject) {
        digest = object.digest
        predecessor = object.predecessor
        storedByteCount = object.storedByteCount
        content =
            switch object.entry {
            case .segment(let header, _): .segment(header)
            case .closing(let closing): .closing(closing)
            case .mend(let mend): .mend(mend)
            }
    }
}

/// Makes coverage of the links of a chain: which follow each other, which are missing, and what is believed.
///
/// An object names the digest of the one before it. Where that does not hold, one of the two is not what was written there, and
/// neither is believed to be followed by the other: the older one is left out, since its successor, written later by a holder of
/// the key, tells of another. What a mend gives up is no hole where the log goes on behind it as if nothing had been there.
struct ChainProof {
    private let links: [UInt64: ChainLink.State]
    private let numbers: [UInt64]
    private let name: (UInt64) -> String
    private let trim: JournalTrim?
    /// Runs of segments that a closing has replaced, by their first number; the closing stands at its first run.
    private var replaced: [UInt64: (run: Closing.Run, closing: Closing?)] = [:]
    /// Numbers that mends give up.
    private var givenUp: [Range<UInt64>] = []

    /// `links` ascend by number, from where `trim` says on; `name` gives the full name of an object.
    init(_ links: [ChainLink], trim: JournalTrim? = nil, name: @escaping (UInt64) -> String) {
        self.links = Dictionary(links.map { ($0.number, $0.state) }, uniquingKeysWith: { one, _ in one })
        numbers = links.map(\.number)
        self.trim = trim
        self.name = name
        for link in links {
            guard case .object(let object) = link.state else { continue }
            if case .mend(let mend) = object.content, mend.first < link.number {
                givenUp.append(mend.first..<link.number)
            }
            guard case .closing(let closing) = object.content else { continue }
            for (index, run) in closing.replaced.enumerated() where run.first <= run.last && run.last < link.number {
                replaced[run.first] = (run, index == 0 ? closing : nil)
            }
        }
    }

    /// A step of the log: a part, or a reason why what follows does not join what came before.
    private enum Step {
        case part(Coverage.Part)
        case flaw(String)
        /// A part that was given up, and can be read all the same.
        case offer(Coverage.Part)
        /// Something that was given up and cannot be read.
        case doubt(String)
    }

    func coverage(of timeline: TimelineRecord) -> Coverage {
        var joiner = PartJoiner()
        for step in steps() {
            switch step {
            case .part(let part): joiner.add(part)
            case .flaw(let reason): joiner.note(reason)
            case .offer(let part): joiner.offer(part)
            case .doubt(let reason): joiner.doubt(reason)
            }
        }
        let (spans, gaps) = joiner.finish()
        return Coverage(timeline: timeline, spans: spans, gaps: gaps)
    }

    /// Walks the numbers from 1, or the trim, on. A closing takes the place of the segments that it replaces.
    private func steps() -> [Step] {
        var steps = [Step]()
        var number = trim?.first ?? 1
        var previous = beginning
        while number <= numbers.last ?? 0 {
            if let (run, closing) = replaced[number] {
                // The chain goes on behind the segments that are replaced; the closing itself comes in its own turn.
                if let closing { steps += files(of: closing) }
                previous = Digest(hex: run.lastDigest).map { .digest($0) } ?? .unknown
                number = run.last + 1
                continue
            }
            guard let state = links[number] else {
                let next = nextPresent(after: number)
                let missing = Self.missing(number, next - 1, name)
                if isGivenUp(number) {
                    steps.append(.doubt(missing))
                } else {
                    steps.append(.flaw(missing))
                    previous = .unknown
                }
                number = next
                continue
            }
            if isGivenUp(number) {
                // A mend names the object before all that it gives up.
                if let step = offered(number, state) { steps.append(step) }
                number += 1
                continue
            }
            previous = visit(number, state, previous, &steps)
            number += 1
        }
        return steps
    }

    /// What the first object continues.
    private var beginning: Predecessor {
        guard let trim, trim.first > 1 else { return .none }
        return trim.predecessor.flatMap { Digest(hex: $0) }.map { .digest($0) } ?? .unknown
    }

    private enum Predecessor {
        case none
        case digest(Digest)
        case unknown
    }

    private func visit(
        _ number: UInt64, _ state: ChainLink.State, _ previous: Predecessor, _ steps: inout [Step]
    ) -> Predecessor {
        guard case .object(let object) = state else {
            if case .damaged(let reason) = state { steps.append(.flaw(reason)) }
            return .unknown
        }
        let follows =
            switch previous {
            case .none: object.predecessor == nil
            case .digest(let digest): object.predecessor == digest
            case .unknown: true
            }
        if !follows {
            // The one before is not what this one continued.
            if case .part(let part) = steps.last, case .segment(let before) = part.location, before == number - 1 {
                steps.removeLast()
            }
            steps.append(.flaw("segment \(name(number)) does not continue the one before it, which is another now"))
        }
        if let part = Self.part(number, object) { steps.append(.part(part)) }
        return .digest(object.digest)
    }

    private func isGivenUp(_ number: UInt64) -> Bool { givenUp.contains { $0.contains(number) } }

    private func offered(_ number: UInt64, _ state: ChainLink.State) -> Step? {
        switch state {
        case .damaged(let reason): .doubt(reason)
        case .object(let object): Self.part(number, object).map { .offer($0) }
        }
    }

    private static func part(_ number: UInt64, _ object: ChainLink.Object) -> Coverage.Part? {
        guard case .segment(let header) = object.content else { return nil }
        return Coverage.Part(header: header, location: .segment(number), storedByteCount: object.storedByteCount)
    }

    private func files(of closing: Closing) -> [Step] {
        closing.files.map { file in
            .part(
                Coverage.Part(
                    header: file.header, location: .snapshot(tree: closing.tree, path: file.path),
                    storedByteCount: file.header.byteCount))
        }
    }

    /// The next number that is there or replaced; one behind the last when there is none.
    private func nextPresent(after number: UInt64) -> UInt64 {
        let there = numbers.first { $0 > number } ?? number + 1
        return min(there, replaced.keys.filter { $0 > number }.min() ?? .max)
    }

    private static func missing(_ first: UInt64, _ last: UInt64, _ name: (UInt64) -> String) -> String {
        first == last
            ? "segment \(name(first)) is missing"
            : "segments \(name(first)) to \(last) are missing"
    }
}
