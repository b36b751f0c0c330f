/// A polynomial of degree 53 over GF(2), by which restic's chunker divides. Bit i of the number is the coefficient of x^i.
///
/// A usable one is irreducible; `isIrreducible` says so, and whoever reads a repository's `config` must ask. Source of the
/// format: restic `config` field `chunker_polynomial` and the package `chunker`.
public struct Polynomial: Sendable, Hashable {
    /// The only degree that restic's chunker uses.
    public static let degree = 53

    /// Bit i is the coefficient of x^i; bit 53 is the highest that is set.
    public let coefficients: UInt64

    /// Takes coefficients; nil unless the degree is 53.
    public init?(coefficients: UInt64) {
        guard coefficients >> UInt64(Self.degree) == 1 else { return nil }
        self.coefficients = coefficients
    }

    /// Reads hexadecimal digits of either case without prefix; nil for anything else, and unless the degree is 53.
    public init?(hex: String) {
        guard hex.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }), let number = UInt64(hex, radix: 16)
        else { return nil }
        self.init(coefficients: number)
    }

    /// The digits as `config` holds them: lower case, no prefix.
    public var hex: String { String(coefficients, radix: 16) }

    /// Draws an irreducible polynomial as restic does; about one candidate in 27 is one.
    public static func random(using generator: inout some RandomNumberGenerator) -> Polynomial {
        while true {
            let drawn: UInt64 = generator.next() & ((1 << 54) - 1) | 1 << 53 | 1
            if let candidate = Polynomial(coefficients: drawn), candidate.isIrreducible { return candidate }
        }
    }

    /// Whether no polynomial of lower degree divides it (M. Ben-Or, "Probabilistic algorithms in finite fields", 1981): an
    /// irreducible factor of degree i would divide x^(2^i) - x.
    public var isIrreducible: Bool {
        let x: UInt64 = 2
        var power = x
        for _ in 1...Self.degree / 2 {
            power = multiply(power, power)
            guard Self.greatestCommonDivisor(coefficients, power ^ x) == 1 else { return false }
        }
        return true
    }

    /// a · b modulo this polynomial, for a and b of degree below 53.
    func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var product: UInt64 = 0
        var shifted = a
        var rest = b
        while rest != 0 {
            if rest & 1 == 1 { product ^= shifted }
            shifted <<= 1
            if shifted >> UInt64(Self.degree) == 1 { shifted ^= coefficients }
            rest >>= 1
        }
        return product
    }

    /// x^exponent modulo this polynomial.
    func powerOfX(_ exponent: Int) -> UInt64 {
        (0..<exponent).reduce(1) { power, _ in multiply(power, 2) }
    }

    private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var (dividend, divisor) = (a, b)
        while divisor != 0 {
            while dividend.leadingZeroBitCount <= divisor.leadingZeroBitCount {
                dividend ^= divisor << UInt64(divisor.leadingZeroBitCount - dividend.leadingZeroBitCount)
            }
            (dividend, divisor) = (divisor, dividend)
        }
        return dividend
    }
}
