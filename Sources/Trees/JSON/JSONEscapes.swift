extension JSONCursor {
    /// The rest of a string that holds an escape; `start` is behind the opening quote, `plainEnd` where the plain run ends.
    @usableFromInline
    mutating func escapedString(from start: Int, plainEnd: Int) throws(JSONError) -> [UInt8] {
        var result = unsafe Array(slice(start..<plainEnd))
        place = plainEnd
        while true {
            guard place < count else { throw JSONError("string without end", at: place) }
            switch byte(place) {
            case 0x22:
                place += 1
                return result
            case 0x5C:
                place += 1
                try appendEscape(to: &result)
            default:
                throw JSONError("control character in a string", at: place)
            }
            let end = self.plainEnd(from: place)
            unsafe result.append(contentsOf: slice(place..<end))
            place = end
        }
    }

    /// Reads over a string.
    @usableFromInline
    mutating func skipString() throws(JSONError) {
        try take(0x22)
        var ignored = [UInt8]()
        while true {
            place = plainEnd(from: place)
            guard place < count else { throw JSONError("string without end", at: place) }
            switch byte(place) {
            case 0x22:
                place += 1
                return
            case 0x5C:
                place += 1
                ignored.removeAll(keepingCapacity: true)
                try appendEscape(to: &ignored)
            default:
                throw JSONError("control character in a string", at: place)
            }
        }
    }

    private mutating func appendEscape(to result: inout [UInt8]) throws(JSONError) {
        guard place < count else { throw JSONError("string without end", at: place) }
        let kind = byte(place)
        place += 1
        switch kind {
        case 0x22, 0x5C, 0x2F: result.append(kind)
        case 0x62: result.append(0x08)
        case 0x66: result.append(0x0C)
        case 0x6E: result.append(0x0A)
        case 0x72: result.append(0x0D)
        case 0x74: result.append(0x09)
        case 0x75: UTF8Text.append(try unicodeEscape(), to: &result)
        default: throw JSONError("unknown escape", at: place - 1)
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let replacement: Unicode.Scalar = "\u{FFFD}"
        guard first < 0xDC00, place + 1 < count, byte(place) == 0x5C, byte(place + 1) == 0x75 else {
            return replacement
        }
        let mark = place
        place += 2
        let second = try hexUnit()
        guard (0xDC00...0xDFFF).contains(second) else {
            place = mark
            return replacement
        }
        return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? replacement
    }

    private mutating func hexUnit() throws(JSONError) -> UInt32 {
        guard count - place >= 4 else { throw JSONError("escape cut short", at: place) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Hex.value(of: byte(place)) else {
                throw JSONError("escape with a character that is no hexadecimal digit", at: place)
            }
            value = value << 4 | UInt32(digit)
            place += 1
        }
        return value
    }
}
