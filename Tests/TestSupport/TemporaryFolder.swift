import FoundationEssentials
import Glibc

/// A folder of its own for one test, removed when the value goes.
public final class TemporaryFolder: Sendable {
    /// Its path, without a slash at the end.
    public let path: String

    /// Makes a folder below `TMPDIR` or `/tmp`.
    public init(_ purpose: String = "test") throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/lifeboat-\(purpose)-XXXXXX".utf8CString)
        guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
            throw TemporaryFolderError(number: errno)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // What cannot be removed stays in the folder for temporary files; the test has said what it had to say.
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A temporary folder could not be made.
public struct TemporaryFolderError: Error {
    /// The error number of `mkdtemp`.
    public let number: Int32
}
