/// Names and values as statements may hold them, whatever is in them and whatever the session's `sql_mode` is.
public enum MariaDBLiteral {
    /// A name in backticks.
    public static func name(_ name: String) -> String { MariaDBClient.quoted(name) }

    /// A text, as hexadecimal digits.
    public static func text(_ value: String) -> String {
        let digits = value.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "CONVERT(X'\(digits)' USING utf8mb4)"
    }
}
