/// What went wrong while sealing, opening or deriving keys: what, and what to do.
///
/// The module knows no object names; callers that do wrap this error and name the object.
public struct SealingError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// Fewer bytes than a nonce and a tag need.
        case tooShort
        /// The tag does not belong to these bytes under this key.
        case authenticationFailed
        /// The nonce is all zero, which no writer may use.
        case invalidNonce
        /// A part of the key is all zero, or has the wrong length.
        case invalidKey
        /// No password opens this key file; damage of its sealed part looks the same.
        case wrongPassword
        /// The password is empty.
        case emptyPassword
        /// A key file asks for more memory or time than we are willing to spend, or for numbers scrypt does not know.
        case excessiveParameters
        /// A key file is not what the format says.
        case malformedKeyFile
        /// zstd could not compress.
        case compressionFailed
        /// The bytes are no zstd frames, or damaged ones.
        case decompressionFailed
        /// The plaintext is longer or shorter than promised.
        case lengthMismatch
        /// The plaintext is larger than the caller allows.
        case tooLarge
        /// A sealed object of ours has no readable header.
        case malformedObject
        /// A sealed object of ours is not the one that was asked for: swapped, renamed, or out of order.
        case headerMismatch
        /// A primitive does not give its known answer on this machine.
        case selfTestFailed
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// What to do next; empty when there is nothing to add.
    public let hint: String
    /// The failure beneath, kept as it was.
    public let cause: (any Error)?

    /// Makes an error; see the properties for what each part says.
    public init(_ code: Code, _ message: String, hint: String = "", cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}
