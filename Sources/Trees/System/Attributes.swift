import CLinux
import Glibc

/// Extended attributes of whatever a path or an open file names.
enum Attributes {
    /// What attributes hang on.
    enum Place {
        /// A path whose last component is not followed.
        case path([UInt8])
        /// An open file or directory.
        case file(Int32)
    }

    /// Larger ones Linux does not give.
    private static let listLimit = 65_536
    private static let valueLimit = 65_536

    /// The entry of an open directory as a path that works however deep the directory lies.
    static func path(of name: [UInt8], in directory: Int32) -> [UInt8] {
        Array("/proc/self/fd/\(directory)/".utf8) + name
    }

    /// All attributes in the order of the file system; nil and `errno` on failure. None where there is no support.
    static func read(_ place: Place) -> [ExtendedAttribute]? {
        guard let names = list(place) else { return nil }
        var attributes = [ExtendedAttribute]()
        for name in names {
            guard let value = value(name, place) else {
                if errno == ENODATA { continue }  // it went in between
                return nil
            }
            attributes.append(ExtendedAttribute(name: name, value: value))
        }
        return attributes
    }

    /// The names; nil and `errno` on failure.
    static func list(_ place: Place) -> [[UInt8]]? {
        // Most things have none, and one call with room for a few says so.
        guard let bytes = unsafe fill(firstTry: 512, limit: listLimit, { unsafe listCall(place, $0) }) else {
            return errno == ENOTSUP ? [] : nil
        }
        return bytes.split(separator: 0).map(Array.init)
    }

    private static func value(_ name: [UInt8], _ place: Place) -> [UInt8]? {
        unsafe fill(firstTry: 256, limit: valueLimit) { unsafe valueCall(name, place, $0) }
    }

    /// Calls with growing memory until the answer fits.
    private static func fill(
        firstTry: Int, limit: Int, _ call: (UnsafeMutableRawBufferPointer) -> Int
    ) -> [UInt8]? {
        var byteCount = firstTry
        while true {
            let (bytes, isTooSmall) = unsafe withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 1) {
                memory -> ([UInt8]?, Bool) in
                let count = unsafe call(memory)
                if count < 0 { return (nil, errno == ERANGE) }
                return unsafe (Array(memory[..<count]), false)
            }
            guard isTooSmall, byteCount < limit else { return bytes }
            byteCount = limit
        }
    }

    private static func listCall(_ place: Place, _ memory: UnsafeMutableRawBufferPointer) -> Int {
        let base = unsafe memory.baseAddress?.assumingMemoryBound(to: CChar.self)
        switch place {
        case .path(let path): return unsafe System.withCString(path) { unsafe llistxattr($0, base, memory.count) }
        case .file(let file): return unsafe flistxattr(file, base, memory.count)
        }
    }

    private static func valueCall(_ name: [UInt8], _ place: Place, _ memory: UnsafeMutableRawBufferPointer) -> Int {
        unsafe System.withCString(name) { name in
            switch place {
            case .path(let path):
                unsafe System.withCString(path) { unsafe lgetxattr($0, name, memory.baseAddress, memory.count) }
            case .file(let file): unsafe fgetxattr(file, name, memory.baseAddress, memory.count)
            }
        }
    }

    /// Sets one attribute; 0, or the error number.
    static func set(_ attribute: ExtendedAttribute, _ place: Place) -> Int32 {
        let result = unsafe attribute.value.withUnsafeBytes { value in
            unsafe System.withCString(attribute.name) { name in
                switch place {
                case .path(let path):
                    unsafe System.withCString(path) { unsafe lsetxattr($0, name, value.baseAddress, value.count, 0) }
                case .file(let file): unsafe fsetxattr(file, name, value.baseAddress, value.count, 0)
                }
            }
        }
        return result == 0 ? 0 : errno
    }

    /// Removes one attribute; 0, or the error number.
    static func remove(_ name: [UInt8], _ place: Place) -> Int32 {
        let result = unsafe System.withCString(name) { name in
            switch place {
            case .path(let path): unsafe System.withCString(path) { unsafe lremovexattr($0, name) }
            case .file(let file): unsafe fremovexattr(file, name)
            }
        }
        return result == 0 ? 0 : errno
    }
}
