/// Lengths of time and sizes as people write them.
public enum Quantity {
    private static let seconds: [(unit: Character, count: Int64)] = [
        ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]
    /// A hundred years; longer spans are mistakes.
    private static let longest: Int64 = 36_525 * 86_400

    /// Reads `90s`, `15m`, `24h`, `30d`, `2w`, `1h30m`; nil for anything else, and for more than a hundred years.
    public static func duration(_ text: String) -> Duration? {
        var total: Int64 = 0
        var digits = ""
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard let unit = seconds.first(where: { $0.unit == character }), digits.count <= 10,
                let number = Int64(digits)
            else { return nil }
            total += number * unit.count
            guard total <= longest else { return nil }
            digits = ""
        }
        return digits.isEmpty && !text.isEmpty ? .seconds(total) : nil
    }

    /// The same in writing: `1d12h`; weeks are written as days.
    public static func text(_ duration: Duration) -> String {
        var rest = duration.components.seconds
        var text = ""
        for (unit, count) in seconds.dropFirst() where rest >= count {
            text += "\(rest / count)\(unit)"
            rest %= count
        }
        return text.isEmpty ? "0s" : text
    }

    private static let bytes: [(unit: Character, count: UInt64)] = [
        ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
    ]

    /// Reads `512`, `64K`, `16M`, `2G`, `1T`, with `iB` or `B` behind or not; units are powers of 1024.
    static func byteCount(_ text: String) -> UInt64? {
        var rest = Substring(text)
        if rest.hasSuffix("iB") { rest = rest.dropLast(2) } else if rest.hasSuffix("B") { rest = rest.dropLast() }
        let unit = bytes.first { $0.unit == rest.last }
        if unit != nil { rest = rest.dropLast() }
        guard rest.allSatisfy({ $0.isASCII && $0.isNumber }), let number = UInt64(rest) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit?.count ?? 1)
        return overflow ? nil : product
    }

    /// The same in writing, in the largest unit that leaves no rest.
    static func text(_ byteCount: UInt64) -> String {
        guard byteCount > 0, let unit = bytes.first(where: { byteCount.isMultiple(of: $0.count) }) else {
            return "\(byteCount)"
        }
        return "\(byteCount / unit.count)\(unit.unit)"
    }
}

extension Duration {
    /// As a settings file has it: `1d12h`, `90s` as `1m30s`. Parts of a second are left out.
    public var settingText: String { Quantity.text(self) }
}
