/// How personal data is made unreadable before a copy is used for anything but production.
public struct MaskProfile: Sendable, Hashable {
    /// What becomes of a column.
    public enum Mask: Sendable, Hashable {
        /// An address that no mail reaches, the same for the same value: `x1f3a…@masked.invalid`.
        case email
        /// A name that is none, the same for the same value: `Person 1f3a…`.
        case name
        /// Digits in place of digits, the same for the same value, as long as before.
        case digits
        /// `x`, as many as there were characters.
        case text
        /// A hash, 32 hexadecimal digits, the same for the same value.
        case hash
        /// NULL.
        case null
        /// This text.
        case fixed(String)
    }

    /// A table and what becomes of its columns.
    public struct Table: Sendable, Hashable {
        /// `database.table`; for PostgreSQL `database.schema.table`.
        public var name: String
        /// By column.
        public var columns: [(name: String, mask: Mask)]

        /// A table.
        public init(name: String, columns: [(name: String, mask: Mask)]) {
            self.name = name
            self.columns = columns
        }

        public static func == (one: Table, other: Table) -> Bool {
            one.name == other.name && one.columns.elementsEqual(other.columns, by: ==)
        }

        public func hash(into hasher: inout Hasher) { hasher.combine(name) }
    }

    /// Its name: `staging`.
    public var name: String
    /// The source it is for.
    public var source: String
    /// What is masked.
    public var tables: [Table]
    /// Tables that the scan for known personal data leaves out: those in which beats are written.
    public var exempt: [String] = []

    /// A profile.
    public init(name: String, source: String, tables: [Table]) {
        self.name = name
        self.source = source
        self.tables = tables
    }
}
