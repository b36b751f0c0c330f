import FoundationEssentials
import Sealing

/// One entry of a chain as it was read.
public struct Event: Sendable {
    /// What is known of its payload.
    public enum Payload: Sendable, Hashable {
        /// As it was signed: JSON.
        case present([UInt8])
        /// Deleted, as it may be after its retention.
        case gone
        /// There, and not what was signed.
        case damaged
    }

    /// What was signed.
    public let header: EventHeader
    /// What it tells.
    public let payload: Payload

    /// Reads the payload; nil when it is gone, damaged, or of another shape.
    public func decode<T: Decodable>(as type: T.Type) -> T? {
        guard case .present(let bytes) = payload else { return nil }
        // Another shape is a payload of another release, which the caller passes over.
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }
}

/// Something that is wrong with a chain.
public struct LedgerProblem: Sendable, Hashable {
    /// What kind of thing.
    public enum Kind: String, Sendable {
        /// An event is missing between others, or before the first.
        case gap
        /// An event does not follow the one before it, or another node saw another one in its place.
        case fork
        /// The signature is not that of the key that the event names.
        case badSignature
        /// The node's key changed.
        case keyChanged
        /// The object cannot be opened: damaged, renamed, swapped, or of another repository.
        case unreadable
        /// The payload is there and not what was signed.
        case payloadDamaged
        /// Events that somebody saw are not there any more.
        case rolledBack
    }

    /// What kind of thing.
    public let kind: Kind
    /// Whose chain.
    public let node: String
    /// At which event.
    public let sequence: UInt64
    /// What was found, one line.
    public let message: String
}

/// A node's chain as it was read.
public struct NodeHistory: Sendable {
    /// Whose it is.
    public let node: String
    /// Its readable events in order.
    public internal(set) var events: [Event] = []
    /// What is wrong with it.
    public internal(set) var problems: [LedgerProblem] = []

    /// Its last readable event.
    public var head: EventHead? { events.last?.header.head }
    /// How many payloads were deleted.
    public var goneCount: Int { events.count { $0.payload == .gone } }
}

/// Follows a chain, event after event.
struct HistoryReading {
    private(set) var history: NodeHistory
    private let repositoryID: String
    private var last: (sequence: UInt64, hash: Digest?) = (0, nil)
    private var key: VerifyingKey?

    init(node: String, repositoryID: String) {
        history = NodeHistory(node: node)
        self.repositoryID = repositoryID
    }

    mutating func take(_ read: ReadEvent) {
        if read.sequence != last.sequence + 1 {
            let what =
                read.sequence == last.sequence + 2
                ? "\(last.sequence + 1) is" : "\(last.sequence + 1) to \(read.sequence - 1) are"
            tell(.gap, last.sequence + 1, "event \(what) missing")
        }
        let isNext = read.sequence == last.sequence + 1
        let before = last.hash
        last = (read.sequence, nil)
        switch read.signed {
        case .failure(let error):
            tell(.unreadable, read.sequence, "the event cannot be opened: \(HistoryReading.describe(error))")
        case .success(let signed):
            follow(signed, read, before: before, isNext: isNext)
            last.hash = signed.header.hash
        }
    }

    private mutating func follow(_ signed: SignedHeader, _ read: ReadEvent, before: Digest?, isNext: Bool) {
        let header = signed.header
        if header.node != history.node || header.sequence != read.sequence || header.repositoryID != repositoryID {
            tell(.unreadable, read.sequence, "the event says that it is \(header.node)/\(header.sequence)")
        }
        if !signed.isSigned { tell(.badSignature, read.sequence, "the signature is not that of the key it names") }
        if let key, key != header.publicKey { tell(.keyChanged, read.sequence, "the event names another key") }
        key = key ?? header.publicKey
        if isNext, before != nil || read.sequence == 1, header.previous != before {
            tell(.fork, read.sequence, "the event does not follow the one before it")
        }
        history.events.append(Event(header: header, payload: payload(read, header)))
    }

    private mutating func payload(_ read: ReadEvent, _ header: EventHeader) -> Event.Payload {
        let payload = read.payload(signedBy: header)
        if payload == .damaged { tell(.payloadDamaged, read.sequence, "the payload is not what was signed") }
        return payload
    }

    private mutating func tell(_ kind: LedgerProblem.Kind, _ sequence: UInt64, _ message: String) {
        history.problems.append(
            LedgerProblem(kind: kind, node: history.node, sequence: sequence, message: message))
    }

    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as SealingError: error.message
        case let error as LedgerError: error.message
        default: "\(error)"
        }
    }
}
