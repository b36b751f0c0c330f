extension Timestamp {
    /// What a node without a time has: Go's zero time, 0001-01-01T00:00:00Z. It stands for "unknown"; restores set no time.
    public static let unknown = Timestamp(seconds: -62_135_596_800)
}

extension ByteWriter {
    /// Writes a time as RFC 3339 in UTC, nanoseconds without trailing zeros, no point when there are none.
    mutating func time(_ time: Timestamp) {
        var civil = CivilTime(secondsSince1970: time.seconds)
        civil.clampYear()
        digits(UInt64(civil.year), count: 4)
        byte(0x2D)
        digits(UInt64(civil.month), count: 2)
        byte(0x2D)
        digits(UInt64(civil.day), count: 2)
        byte(0x54)
        digits(UInt64(civil.secondOfDay / 3_600), count: 2)
        byte(0x3A)
        digits(UInt64(civil.secondOfDay / 60 % 60), count: 2)
        byte(0x3A)
        digits(UInt64(civil.secondOfDay % 60), count: 2)
        var fraction = time.nanoseconds
        if fraction > 0 {
            var length = 9
            while fraction % 10 == 0 {
                fraction /= 10
                length -= 1
            }
            byte(0x2E)
            digits(UInt64(fraction), count: length)
        }
        byte(0x5A)
    }
}

/// Reads RFC 3339 as strictly as Go does.
@safe struct TimeReader {
    // Safe: `number` and `character` check their index; the reader lives within the closure that lends the text.
    private let text: UnsafeRawBufferPointer
    private var index = 0

    /// Reads the whole text; nil when it is no time, or has a second 60 or no zone.
    static func read(_ text: UnsafeRawBufferPointer) -> Timestamp? {
        var reader = unsafe TimeReader(text: text)
        return reader.timestamp()
    }

    private init(text: UnsafeRawBufferPointer) { unsafe self.text = text }

    @inline(__always)
    private mutating func number(_ length: Int) -> Int? {
        guard unsafe text.count - index >= length else { return nil }
        var value = 0
        for _ in 0..<length {
            let digit = unsafe text[index] &- 0x30
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int(digit)
            index += 1
        }
        return value
    }

    @inline(__always)
    private mutating func character(_ character: UInt8) -> Bool {
        guard unsafe index < text.count, unsafe text[index] == character else { return false }
        index += 1
        return true
    }

    private mutating func timestamp() -> Timestamp? {
        guard let year = number(4), character(0x2D), let month = number(2), character(0x2D), let day = number(2),
            character(0x54), let hour = number(2), character(0x3A), let minute = number(2), character(0x3A),
            let second = number(2), (1...12).contains(month), day >= 1,
            day <= CivilTime.length(ofMonth: month, year: year), hour < 24, minute < 60, second < 60,
            let nanoseconds = fraction(), let zone = zoneSeconds(), unsafe index == text.count
        else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - zone
        return Timestamp(seconds: Int64(seconds), nanoseconds: nanoseconds)
    }

    /// Nanoseconds behind the point; digits beyond the ninth are cut off.
    private mutating func fraction() -> UInt32? {
        guard character(0x2E) else { return 0 }
        let start = index
        var value: UInt32 = 0
        while unsafe index < text.count, case let digit = unsafe text[index] &- 0x30, digit <= 9 {
            if index - start < 9 { value = value * 10 + UInt32(digit) }
            index += 1
        }
        guard index > start else { return nil }
        for _ in min(index - start, 9)..<9 { value *= 10 }
        return value
    }

    /// Seconds that the zone is east of UTC.
    private mutating func zoneSeconds() -> Int? {
        if character(0x5A) { return 0 }
        let isWest = character(0x2D)
        guard isWest || character(0x2B), let hours = number(2), character(0x3A), let minutes = number(2), hours < 24,
            minutes < 60
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (isWest ? -1 : 1)
    }
}
