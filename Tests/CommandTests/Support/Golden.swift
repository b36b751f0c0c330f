import FoundationEssentials
import Glibc
import LifeboatCommands

/// Expected texts, in files beside the tests.
enum Golden {
    private static let folder = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Golden/"

    /// The expected text.
    static func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: folder + name)), as: UTF8.self)
    }
}
