/// Paths as file systems have them: components of bytes.
public enum RawPath {
    /// Splits a path into components and resolves `.`, `..` and doubled slashes by text alone, as Go's `filepath.Clean`
    /// does; `..` at the beginning of a relative path stays, at the root it is dropped.
    public static func clean(_ path: [UInt8]) -> [[UInt8]] {
        let isAbsolute = path.first == 0x2F
        var components = [[UInt8]]()
        for component in path.split(separator: 0x2F) where component != [0x2E] {
            if component == [0x2E, 0x2E] {
                if let last = components.last, last != [0x2E, 0x2E] {
                    components.removeLast()
                } else if !isAbsolute {
                    components.append(Array(component))
                }
            } else {
                components.append(Array(component))
            }
        }
        return components
    }

    /// Joins components to an absolute path: `/srv/data`, or `/` when there are none.
    public static func absolute(_ components: [[UInt8]]) -> [UInt8] {
        components.isEmpty ? [0x2F] : components.flatMap { [0x2F] + $0 }
    }

    /// A path for messages, as `RawName.printable` does it for names.
    public static func printable(_ components: [[UInt8]]) -> String {
        RawName.printable(absolute(components))
    }
}
