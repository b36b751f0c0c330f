/// Says where the next chunk of a stream ends. Pure: what it answers depends on the bytes and on its own parameters only.
public protocol Cutter: Sendable {
    /// No chunk is larger.
    var maximumByteCount: Int { get }

    /// The length of the first chunk in `window` (1 ... min(window.count, maximumByteCount)).
    ///
    /// `window` begins where the last chunk ended and is not empty. It holds at least `maximumByteCount` bytes, or else all
    /// that is left of the stream.
    func nextLength(in window: UnsafeRawBufferPointer) -> Int
}
