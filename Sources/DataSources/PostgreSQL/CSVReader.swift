/// Reads what `psql --csv` writes (RFC 4180, lines end with LF).
enum CSVReader {
    /// All rows. A quote inside a field is doubled; whatever follows the last line break is a row too.
    static func rows(_ bytes: [UInt8]) -> [[String]] {
        var rows = [[String]]()
        var row = [String]()
        var field = [UInt8]()
        var isQuoted = false
        var index = 0
        func endField() {
            row.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
        }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x22 where isQuoted && index < bytes.count && bytes[index] == 0x22:
                field.append(byte)
                index += 1
            case 0x22: isQuoted.toggle()
            case 0x2C where !isQuoted: endField()
            case 0x0A where !isQuoted:
                endField()
                rows.append(row)
                row = []
            default: field.append(byte)
            }
        }
        if !field.isEmpty || !row.isEmpty {
            endField()
            rows.append(row)
        }
        return rows
    }
}
