import Drills
import FoundationEssentials
import Settings

/// Reads the file of an environment with the values that only exist once it is up.
struct EnvironmentFile {
    let options: EnvironmentOptions
    let context: CommandContext

    /// The environment; nil when none was named.
    func load() throws -> DrillEnvironment? {
        guard let path = options.environment else {
            guard options.values == nil else {
                throw CommandError(.invalidArgument, "--values goes with --environment", subject: "--values")
            }
            return nil
        }
        guard let file = options.values else {
            return try EnvironmentAccess(context: context, name: path, options: options.place).load()
        }
        let text = try TextFile.read(path, called: "environment")
        let values = try TextFile.read(file, called: "values")
        do {
            return try DrillEnvironment(text: EnvironmentValues(text: values).fill(text), file: path)
        } catch let error as EnvironmentValues.Malformed {
            throw CommandError(.fileUnusable, error.message, subject: "\(path):\(error.line)")
        }
    }
}
