/// Where and why a JSON text could not be read.
public struct JSONError: Error, Sendable, Hashable {
    /// What was wrong, lower case, no full stop.
    public let message: String
    /// Bytes before the place.
    public let offset: Int

    /// Describes a fault at an offset.
    public init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }
}
