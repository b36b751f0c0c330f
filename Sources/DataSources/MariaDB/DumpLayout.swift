import Glibc

/// Where the parts of a logical backup lie in its folder, and in which order they are loaded.
///
/// Order: `header.sql` (which turns checks of foreign keys off), then of all databases `schema.sql`, `tables/*.sql`,
/// `routines.sql`, `triggers.sql`, `views.sql`, `events.sql`, then `footer.sql`; at last `users.sql`, apart. So rows find their tables,
/// whatever database a foreign key leads to; no trigger fires for a row that is loaded; views find the functions they call;
/// no event runs before its data are there; and grants find what they are for. An account that cannot be made is passed over
/// (`--force`): mariadb-dump writes statements for accounts that a server has but cannot show.
public enum DumpLayout {
    /// Files of one database, in the order in which they are loaded; `tables` is a folder.
    static let parts = ["schema.sql", "tables", "routines.sql", "triggers.sql", "views.sql", "events.sql"]

    /// The name of a file or folder for a database or table: letters, digits, `_`, `-`, `$` and everything that is not ASCII
    /// as it is, other bytes as `%2F`. Two names never become one; 64 characters never become more than 192 bytes.
    static func fileName(_ name: [UInt8]) -> [UInt8] {
        var result = [UInt8]()
        for byte in name {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x24, 0x80...0xFF: result.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }

    /// All files of a logical backup in `folder` but `users.sql`, in the order in which they are loaded.
    ///
    /// - Throws: `malformedStream` when a part is missing that every backup has.
    static func files(in folder: String) throws -> [String] {
        let databases = "\(folder)/databases"
        let names = exists(databases) ? try FileTree.names(in: databases) : []
        var files = [try required("\(folder)/header.sql")]
        for part in parts {
            for name in names {
                let path = "\(databases)/\(name)/\(part)"
                guard exists(path) else { continue }
                files += part == "tables" ? try FileTree.names(in: path).map { "\(path)/\($0)" } : [path]
            }
        }
        files.append(try required("\(folder)/footer.sql"))
        return files
    }

    /// The file of accounts and grants; nil when the backup has none.
    static func users(in folder: String) -> String? { exists("\(folder)/users.sql") ? "\(folder)/users.sql" : nil }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func required(_ path: String) throws -> String {
        guard exists(path) else {
            throw SourceError(.malformedStream, "the logical backup lacks a part", subject: path)
        }
        return path
    }
}
