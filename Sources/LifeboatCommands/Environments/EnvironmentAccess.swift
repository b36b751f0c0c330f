import DataSources
import Drills
import FoundationEssentials
import Glibc

/// Finds an environment's file, fills in its values, and reaches its hosts.
struct EnvironmentAccess {
    let context: CommandContext
    /// The environment's name, or its file.
    let name: String
    let options: EnvironmentPlace

    /// Where files of scenarios and environments are looked for.
    static let hint = "--scenarios names the folder with `environments/`; a file is named by its path"

    /// What to do when there is no such file.
    private var hint: String {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: options.scenarios + "/environments")) ?? []
        let names = files.filter { $0.hasSuffix(".yaml") }.map { $0.dropLast(5) }.sorted()
        return names.isEmpty
            ? Self.hint : "there are: " + names.joined(separator: ", ") + "; a file is named by its path"
    }

    /// The file's text, as it is written.
    func source() throws -> String { try TextFile.read(file, called: "environment", hint: hint) }

    /// The file.
    var file: String {
        name.contains("/") || name.hasSuffix(".yaml") ? name : options.scenarios + "/environments/\(name).yaml"
    }

    /// Where the environment's own files are.
    var folder: String {
        let word = name.split(separator: "/").last.map(String.init) ?? name
        let plain = word.hasSuffix(".yaml") ? String(word.dropLast(5)) : word
        return options.folder ?? "/var/tmp/lifeboat-\(plain)"
    }

    /// The folder that scenarios and runbooks are below.
    var project: String {
        let path = FileManager.default.currentDirectoryPath
        let scenarios = options.scenarios.hasPrefix("/") ? options.scenarios : path + "/" + options.scenarios
        return URL(filePath: scenarios).standardizedFileURL.deletingLastPathComponent().path(percentEncoded: false)
            .trimmedSlash
    }

    /// What is known of it: values that `up` has written, `DIR` and `PROJECT`.
    func values() throws -> EnvironmentValues {
        var values = EnvironmentValues()
        let path = folder + "/environment.env"
        if access(path, F_OK) == 0 {
            do {
                values = try EnvironmentValues(text: try TextFile.read(path, called: "values"))
            } catch let error as EnvironmentValues.Malformed {
                throw CommandError(.fileUnusable, error.description, subject: path)
            }
        }
        values.values["DIR"] = folder
        values.values["PROJECT"] = project
        return values
    }

    /// Is it up, as far as its values tell?
    var isUp: Bool { access(folder + "/environment.env", F_OK) == 0 }

    /// The environment; before it is up, values that only `up` knows are `/unknown`.
    func load() throws -> DrillEnvironment {
        let text = try fill(try source(), file, isLenient: !isUp)
        return try ProductionConfigurations(context: context).added(to: try DrillEnvironment(text: text, file: file))
    }

    /// Fills values into the text of a file.
    func fill(_ text: String, _ path: String, isLenient: Bool = false) throws -> String {
        do {
            return try values().fill(text, isLenient: isLenient)
        } catch let error as EnvironmentValues.Malformed {
            throw CommandError(
                .fileUnusable, error.description, subject: path,
                hint: isUp ? "" : "`lifeboat environment up \(name)` makes it")
        }
    }

    // MARK: Reaching

    /// This program.
    static var program: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : "lifeboat"
    }

    /// What scripts may see: the allow-list, with this very program as `lifeboat`.
    var variables: [String: String] {
        var variables = ChildEnvironment.allowed(context.environment)
        let own = Self.program
        let folder = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
        variables["PATH"] = "\(folder):" + (variables["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin")
        variables["LIFEBOAT"] = own
        for name in ["FILES_MB", "ROWS", "SEED", "VOLUME_MB", "BANDWIDTH", "DELAY_MS"] {
            variables[name] = context.environment[name]
        }
        return variables
    }

    /// Reaches its hosts.
    func reach(_ environment: DrillEnvironment) -> EnvironmentReach {
        EnvironmentReach(environment, variables: variables)
    }

    // MARK: The token

    private var tokenFile: String { folder + ".token" }

    /// The word that was planted when it was brought up; nil when it was not.
    func token() throws -> EnvironmentToken? {
        guard access(tokenFile, F_OK) == 0 else { return nil }
        return EnvironmentToken(try TextFile.read(tokenFile, called: "word"))
    }

    /// Plants a new word everywhere, and keeps it.
    func plant(_ environment: DrillEnvironment) async throws {
        let token = EnvironmentToken()
        try await token.plant(in: environment, by: reach(environment))
        try TextFile.write(token.text.utf8, to: tokenFile, permissions: 0o600)
    }

    /// Forgets the word: nothing of it may be broken any more. What `environment break` wrote goes with it.
    func forgetToken() {
        unlink(tokenFile)
        try? FileManager.default.removeItem(atPath: truths)
    }

    /// Where `environment break` writes down what it did.
    var truths: String { folder + ".truth" }

    /// Proves that it may be broken; gives why not.
    func refusal(_ environment: DrillEnvironment) async throws -> String? {
        guard let token = try token() else {
            return "this environment was not brought up by `lifeboat environment up`: there is no token"
        }
        return await EnvironmentGuard(environment, token: token, reach: reach(environment)).prove()
    }
}

extension String {
    /// Without slashes at its end.
    fileprivate var trimmedSlash: String {
        var rest = self[...]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        return String(rest)
    }
}
