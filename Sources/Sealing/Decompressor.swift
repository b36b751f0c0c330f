import CZstd

/// Decompresses zstd frames: made once per worker, its context reused.
///
/// Whole inputs go to whole outputs, so a frame's window costs no memory of its own, whatever its header says.
///
/// Safe: the context has one owner, is freed with it, and only mutating methods use it; so it may also change threads.
@safe
public struct Decompressor: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer

    /// Makes a decompressor.
    public init() {
        guard let context = unsafe ZSTD_createDCtx() else { fatalError("no memory for zstd") }
        unsafe self.context = context
    }

    deinit { unsafe _ = ZSTD_freeDCtx(context) }

    /// Decompresses `input` to exactly `output.count` bytes and returns that number.
    ///
    /// - Throws: `lengthMismatch` when the frames give more or fewer bytes, `decompressionFailed` when they are damaged.
    @discardableResult
    public mutating func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(SealingError) -> Int {
        let result = unsafe ZSTD_decompressDCtx(
            context, output.baseAddress, output.count, input.baseAddress, input.count)
        if lb_zstd_is_too_small(result) != 0 {
            throw SealingError(.lengthMismatch, "decompresses to more than \(output.count) bytes")
        }
        guard ZSTD_isError(result) == 0 else {
            throw SealingError(.decompressionFailed, "zstd cannot decompress: \(zstdMessage(result))")
        }
        guard result == output.count else {
            throw SealingError(.lengthMismatch, "decompresses to \(result) instead of \(output.count) bytes")
        }
        return result
    }

    /// Decompresses frames whose plain length is not known; several frames and skippable ones are fine.
    ///
    /// - Throws: `tooLarge` when there are more than `limit` plain bytes, `decompressionFailed` when the frames are damaged.
    public mutating func decompress(_ input: [UInt8], limit: Int) throws(SealingError) -> [UInt8] {
        try decompress(input[...], limit: limit)
    }

    /// Decompresses frames whose plain length is not known; several frames and skippable ones are fine.
    ///
    /// - Throws: `tooLarge` when there are more than `limit` plain bytes, `decompressionFailed` when the frames are damaged.
    public mutating func decompress(_ input: ArraySlice<UInt8>, limit: Int) throws(SealingError) -> [UInt8] {
        // Four bytes can stand for at most one block of 128 KiB, so neither a header nor doubling reserves more than that.
        let most = min(limit, (input.count / 4 + 1).multipliedReportingOverflow(by: 128 << 10).partialValue)
        var capacity = min(most, unsafe input.span.withUnsafeBytes { unsafe Self.firstGuess($0) })
        while true {
            if let output = try attempt(input, capacity: capacity) { return output }
            guard capacity < most else {
                throw SealingError(.tooLarge, "decompresses to more than \(limit) bytes")
            }
            capacity = min(most, max(capacity, 32 << 10) * 2)
        }
    }

    /// The content size that the first frame states, else a guess.
    private static func firstGuess(_ input: UnsafeRawBufferPointer) -> Int {
        let stated = unsafe ZSTD_getFrameContentSize(input.baseAddress, input.count)
        // Skippable frames state zero; unknown and damaged ones the two highest numbers.
        return stated == 0 || stated > UInt64(Int.max) ? input.count * 8 : Int(stated)
    }

    /// Decompresses into at most `capacity` bytes; nil when they do not suffice.
    private mutating func attempt(_ input: ArraySlice<UInt8>, capacity: Int) throws(SealingError) -> [UInt8]? {
        var result = 0
        let output = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
            result = unsafe input.span.withUnsafeBytes { input in
                unsafe ZSTD_decompressDCtx(context, buffer.baseAddress, capacity, input.baseAddress, input.count)
            }
            initialized = ZSTD_isError(result) == 0 ? result : 0
        }
        if lb_zstd_is_too_small(result) != 0 { return nil }
        guard ZSTD_isError(result) == 0 else {
            throw SealingError(.decompressionFailed, "zstd cannot decompress: \(zstdMessage(result))")
        }
        return output
    }
}
