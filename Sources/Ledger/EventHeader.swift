public import Sealing

/// What is signed of an event. Its payload lies apart and may be deleted; the header goes on proving that it was there.
///
/// Canonical bytes; numbers are little-endian:
///
/// | offset | size | type | field |
/// |---|---|---|---|
/// | 0 | 8 | ASCII | `lb-event` |
/// | 8 | 2 | UInt16 | format, 1 |
/// | 10 | 8 | UInt64 | sequence, from 1 |
/// | 18 | 32 | bytes | SHA-256 of the canonical bytes of the header before; zeros for the first |
/// | 50 | 8 | Int64 | time, seconds since 1970 UTC |
/// | 58 | 4 | UInt32 | time, nanoseconds |
/// | 62 | 32 | bytes | SHA-256 of the payload object's content: 32 bytes of salt, then the payload |
/// | 94 | 32 | bytes | Ed25519 public key of the node |
/// | 126 | 2 + a | UInt16, UTF-8 | length and text of the repository ID |
/// | 128 + a | 2 + b | UInt16, UTF-8 | length and text of the node |
/// | 130 + a + b | 2 + c | UInt16, UTF-8 | length and text of the kind |
/// | 132 + a + b + c | 2 | UInt16 | number of heads of other nodes, which follow in the order of their names' bytes |
/// | | 2 + d | UInt16, UTF-8 | each: length and text of the node |
/// | | 8 | UInt64 | … its last sequence that was seen |
/// | | 32 | bytes | … SHA-256 of the canonical bytes of that header |
///
/// Nothing follows. The object `lifeboat/events/<node>/<sequence>` is a `SealedObject` of kind `event` whose payload is these
/// bytes and behind them the Ed25519 signature over them, 64 bytes; `….payload` is one of kind `event-payload`. Both are sealed
/// under the key that `KeyDerivation.hkdf` gives for the purpose `events`.
///
/// Example: repository `r`, node `n`, sequence 1, kind `alive`, time 1 s, payload hash and public key all `11` and `22`, no heads:
/// `6c622d6576656e74 0100 0100000000000000` + 32 zero bytes + `0100000000000000 00000000` + 32 × `11` + 32 × `22` +
/// `0100 72 0100 6e 0500 616c697665 0000`.
public struct EventHeader: Sendable, Hashable {
    /// The `id` of the repository's `config`.
    public let repositoryID: String
    /// Who wrote it.
    public let node: String
    /// Running number of the node's events, from 1.
    public let sequence: UInt64
    /// The SHA-256 of the header before; nil for the first.
    public let previous: Digest?
    /// When it was written, by the node's clock.
    public let time: EventTime
    /// What it tells of.
    public let kind: EventKind
    /// The SHA-256 of salt and payload.
    public let payloadHash: Digest
    /// The node's key.
    public let publicKey: VerifyingKey
    /// The last heads seen of other nodes, in the order of their names' bytes.
    public let seen: [EventHead]

    /// Names a header's parts. Texts have at most 65 535 bytes; heads are put in order.
    public init(
        repositoryID: String, node: String, sequence: UInt64, previous: Digest?, time: EventTime, kind: EventKind,
        payloadHash: Digest, publicKey: VerifyingKey, seen: [EventHead] = []
    ) {
        self.repositoryID = repositoryID
        self.node = node
        self.sequence = sequence
        self.previous = previous
        self.time = time
        self.kind = kind
        self.payloadHash = payloadHash
        self.publicKey = publicKey
        self.seen = seen.sorted { $0.node.utf8.lexicographicallyPrecedes($1.node.utf8) }
    }

    /// What the next event names as its predecessor.
    public var hash: Digest { SHA256.digest(canonicalBytes) }

    /// This event as a head.
    public var head: EventHead { EventHead(node: node, sequence: sequence, hash: hash) }
}
