/// Says that the objects just before it cannot be read, and that the log goes on behind the last one that could be: what they had
/// follows again, where the server or this machine still had it. Nothing is deleted.
///
/// Its predecessor is the last object that could be read. Objects that it gives up and that are brought back count again where
/// what follows does not have their bytes.
public struct Mend: Sendable, Hashable, Codable {
    /// The format this program writes.
    public static let currentFormat = 1

    /// 1.
    public var format = Mend.currentFormat
    /// The first number that is given up; the last is the one before the mend's own.
    public var first: UInt64
    /// The newest segment that could be read; nil when there was none.
    public var tail: SegmentHeader?

    /// Describes a mend.
    public init(first: UInt64, tail: SegmentHeader?) {
        self.first = first
        self.tail = tail
    }
}

/// An object that is not what its name says.
public struct JournalDamage: Sendable, Hashable {
    /// Its number.
    public let number: UInt64
    /// One line with its name.
    public let reason: String
}
