import CZstd

/// Compresses to zstd frames: made once per worker, its context reused.
///
/// Each frame states its content size and has no checksum, since the name of a blob is its hash. Levels end at 19, so that no
/// frame asks its reader for a window above 8 MiB: rustic refuses more than 128 MiB, and a reader's memory is not ours to spend.
///
/// Safe: the context has one owner, is freed with it, and only mutating methods use it; so it may also change threads.
@safe
public struct Compressor: ~Copyable, @unchecked Sendable {
    /// Levels that `init` accepts; any other is moved to the nearer end.
    public static let levels: ClosedRange<Int32> = -7...19

    private let context: OpaquePointer

    /// Makes a compressor of a level in `levels`; 3 is zstd's own choice.
    public init(level: Int32) {
        guard let context = unsafe ZSTD_createCCtx() else { fatalError("no memory for zstd") }
        let bounded = min(max(level, Self.levels.lowerBound), Self.levels.upperBound)
        let result = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, bounded)
        precondition(ZSTD_isError(result) == 0, "zstd refuses its own level \(bounded)")
        unsafe self.context = context
    }

    deinit { unsafe _ = ZSTD_freeCCtx(context) }

    /// The most bytes that compressing `count` bytes can give.
    public static func bound(_ count: Int) -> Int {
        ZSTD_compressBound(count)
    }

    /// Compresses `input` to one frame at the start of `output` and returns the length of the frame.
    ///
    /// - Throws: `compressionFailed`, when `output` is too small; `bound` bytes always suffice.
    public mutating func compress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(SealingError) -> Int {
        let result = unsafe ZSTD_compress2(
            context, output.baseAddress, output.count, input.baseAddress, input.count)
        guard ZSTD_isError(result) == 0 else {
            throw SealingError(.compressionFailed, "zstd cannot compress: \(zstdMessage(result))")
        }
        return result
    }

    /// Compresses `input` to one frame.
    public mutating func compress(_ input: [UInt8]) throws(SealingError) -> [UInt8] {
        var frame = [UInt8](repeating: 0, count: Self.bound(input.count))
        var output = frame.mutableSpan
        let count = try unsafe output.withUnsafeMutableBytes { (output) throws(SealingError) in
            try unsafe input.span.withUnsafeBytes { (input) throws(SealingError) in
                try unsafe compress(input, into: output)
            }
        }
        frame.removeSubrange(count...)
        return frame
    }
}

/// What zstd says about a failed call.
func zstdMessage(_ result: Int) -> String {
    unsafe String(cString: ZSTD_getErrorName(result)).lowercased()
}
