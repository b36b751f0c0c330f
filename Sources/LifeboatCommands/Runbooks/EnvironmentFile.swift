import Drills
import FoundationEssentials
import Settings

/// Reads the file of an environment with the values that only exist once it is up.
struct EnvironmentFile {
    static let largestByteCount = 1 << 20

    let options: EnvironmentOptions

    /// The environment; nil when none was named.
    func load() throws -> DrillEnvironment? {
        guard let path = options.environment else {
            guard options.values == nil else {
                throw CommandError(.invalidArgument, "--values goes with --environment", subject: "--values")
            }
            return nil
        }
        let text = try TextFile.read(path, called: "environment", limit: EnvironmentFile.largestByteCount)
        var values = EnvironmentValues()
        do {
            if let file = options.values {
                values = try EnvironmentValues(
                    text: try TextFile.read(file, called: "values", limit: EnvironmentFile.largestByteCount))
            }
            return try DrillEnvironment(text: values.fill(text), file: path)
        } catch let error as EnvironmentValues.Malformed {
            throw CommandError(
                .fileUnusable, error.message, subject: "\(path):\(error.line)",
                hint: options.values == nil ? "give the file that `up` has written with --values" : "")
        }
    }
}
