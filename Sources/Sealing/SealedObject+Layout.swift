extension SealedObject {
    private static let magic = [UInt8]("lifeboat".utf8)
    private static let format: UInt64 = 1

    /// Header and payload in the layout that `SealedObject` describes.
    func plaintext() -> [UInt8] {
        var output = Self.magic
        func append(_ number: UInt64, byteCount: Int) {
            for index in 0..<byteCount { output.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
        }
        func append(_ text: String) {
            precondition(text.utf8.count <= Int(UInt16.max), "a text in a header has at most 65 535 bytes")
            append(UInt64(text.utf8.count), byteCount: 2)
            output.append(contentsOf: text.utf8)
        }
        append(Self.format, byteCount: 2)
        append(header.sequence, byteCount: 8)
        output.append(contentsOf: header.predecessor?.bytes ?? [UInt8](repeating: 0, count: Digest.byteCount))
        append(header.repositoryID)
        append(header.kind)
        append(header.name)
        return output + payload
    }

    /// Reads the layout.
    init(plaintext: [UInt8]) throws(SealingError) {
        var rest = plaintext[...]
        func take(_ count: Int) throws(SealingError) -> ArraySlice<UInt8> {
            guard rest.count >= count else {
                throw SealingError(.malformedObject, "the header ends after \(plaintext.count) bytes")
            }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func number(byteCount: Int) throws(SealingError) -> UInt64 {
            try take(byteCount).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        func text() throws(SealingError) -> String {
            guard let text = String(validating: try take(Int(number(byteCount: 2))), as: UTF8.self) else {
                throw SealingError(.malformedObject, "a text in the header is not UTF-8")
            }
            return text
        }
        guard try take(Self.magic.count).elementsEqual(Self.magic) else {
            throw SealingError(.malformedObject, "the bytes do not begin as an object of ours does")
        }
        let format = try number(byteCount: 2)
        guard format == Self.format else {
            throw SealingError(
                .malformedObject, "the object has format \(format), this program knows \(Self.format)",
                hint: "a newer release wrote it; use that")
        }
        let sequence = try number(byteCount: 8)
        let predecessor = try take(Digest.byteCount)
        header = Header(
            repositoryID: try text(), kind: try text(), name: try text(), sequence: sequence,
            predecessor: predecessor.allSatisfy { $0 == 0 } ? nil : Digest(bytes: predecessor))
        payload = [UInt8](rest)
    }
}
