import ArgumentParser

/// A length of time on the command line: `30s`, `10m`, `1h30m`, `2d`.
struct DurationArgument: ExpressibleByArgument, Equatable {
    static let zero = DurationArgument(value: .zero)

    let value: Duration

    private init(value: Duration) { self.value = value }

    init?(argument: String) {
        var seconds: Int64 = 0
        var digits = ""
        for character in argument {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
            guard let unit = units[character], let number = Int64(digits), number < 1 << 40 else { return nil }
            seconds += number * unit
            digits = ""
        }
        guard digits.isEmpty || argument == "0", !argument.isEmpty else { return nil }
        self.init(value: .seconds(seconds))
    }

    var defaultValueDescription: String { value == .zero ? "0" : "\(value.components.seconds)s" }
}

/// A number of bytes on the command line: `512`, `64K`, `16M`, `1.5G`, `2T`; units are powers of 1024.
struct ByteCountArgument: ExpressibleByArgument, Equatable {
    let value: UInt64

    init?(argument: String) {
        var text = Substring(argument.uppercased())
        if text.hasSuffix("IB") { text = text.dropLast(2) } else if text.hasSuffix("B") { text = text.dropLast() }
        let units: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
        let unit = text.last.flatMap { units[$0] }
        if unit != nil { text = text.dropLast() }
        if let number = UInt64(text) {
            let (product, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
            if overflow { return nil }
            value = product
        } else if let unit, let number = Double(text), number >= 0, number.isFinite, number * Double(unit) < 0x1p62 {
            value = UInt64(number * Double(unit))
        } else {
            return nil
        }
    }
}
