extension JSONCursor {
    /// Reads a whole number from 0 to 2^64 - 1; a sign, fraction, exponent, leading zero or larger number is an error.
    @inlinable @inline(__always)
    public mutating func unsigned() throws(JSONError) -> UInt64 {
        var digit = peek() &- 0x30
        guard digit <= 9, place < count else { throw JSONError("expected a whole number", at: place) }
        let start = place
        var value: UInt64 = 0
        while digit <= 9 {
            // Nineteen digits always fit, so the overflow checks are for the twentieth.
            if place - start < 19 {
                value = value &* 10 &+ UInt64(digit)
            } else {
                let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, overflow) = product.addingReportingOverflow(UInt64(digit))
                guard !tooLarge, !overflow else { throw JSONError("number above 2^64 - 1", at: start) }
                value = sum
            }
            place += 1
            digit = place < count ? byte(place) &- 0x30 : 255
        }
        if place - start > 1, byte(start) == 0x30 { throw JSONError("number with a leading zero", at: start) }
        if place < count, case let next = byte(place), next == 0x2E || next | 0x20 == 0x65 {
            throw JSONError("expected a whole number", at: place)
        }
        return value
    }

    /// Reads a whole number that fits `Integer`.
    @inlinable @inline(__always)
    public mutating func unsigned<Integer: FixedWidthInteger>(as type: Integer.Type) throws(JSONError) -> Integer {
        let start = place
        guard let value = Integer(exactly: try unsigned()) else { throw JSONError("number out of range", at: start) }
        return value
    }

    /// Reads over a value of any kind, and checks its grammar.
    public mutating func skipValue() throws(JSONError) {
        try skipValue(depth: 0)
    }

    private mutating func skipValue(depth: Int) throws(JSONError) {
        guard depth < JSONCursor.depthLimit else { throw JSONError("nested too deeply", at: place) }
        switch peek() {
        case 0x7B: try object { cursor, _ throws(JSONError) in try cursor.skipValue(depth: depth + 1) }
        case 0x5B: try array { cursor throws(JSONError) in try cursor.skipValue(depth: depth + 1) }
        case 0x22: try skipString()
        case 0x6E where null(): return
        case 0x74, 0x66: _ = try bool()
        default: try skipNumber()
        }
    }

    /// Reads over a number of any form: `-0.5e+3`.
    private mutating func skipNumber() throws(JSONError) {
        if place < count, byte(place) == 0x2D { place += 1 }
        let start = place
        try skipDigits(else: "expected a value")
        if place - start > 1, byte(start) == 0x30 { throw JSONError("number with a leading zero", at: start) }
        if place < count, byte(place) == 0x2E {
            place += 1
            try skipDigits(else: "expected a digit")
        }
        if place < count, byte(place) | 0x20 == 0x65 {
            place += 1
            if place < count, byte(place) == 0x2B || byte(place) == 0x2D { place += 1 }
            try skipDigits(else: "expected a digit")
        }
    }

    private mutating func skipDigits(else message: String) throws(JSONError) {
        let start = place
        while place < count, byte(place) &- 0x30 <= 9 { place += 1 }
        if place == start { throw JSONError(message, at: start) }
    }
}
