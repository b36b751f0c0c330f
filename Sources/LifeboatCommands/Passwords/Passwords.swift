import Sealing

/// Where the password of a repository comes from, in this order: option for a file, option for a program, the same two from the
/// environment, a person at the terminal. Never an argument, which every user of the machine can read.
struct Passwords {
    let context: CommandContext
    let options: GlobalOptions

    /// The password of an existing repository.
    func current() async throws -> SecretBytes {
        if let password = try await configured() { return password }
        guard let prompt = context.prompt, let typed = try await prompt.ask("password of the repository: ") else {
            throw nobodyToAsk
        }
        return try notEmpty(typed)
    }

    /// The password of a new key file, with what deriving its key shall cost.
    ///
    /// - Parameters:
    ///   - secretFile: makes this file with 256 random bits.
    ///   - file: reads this file.
    func new(secretFile: String?, file: String? = nil, usesConfigured: Bool) async throws -> (
        SecretBytes, ScryptParameters
    ) {
        if let secretFile {
            // 256 random bits need no stretching.
            return (try PasswordFile.generate(secretFile), .secretFile)
        }
        let password: SecretBytes
        if let file {
            password = try PasswordFile.read(file)
        } else if usesConfigured, let configured = try await configured() {
            password = configured
        } else {
            password = try await typedTwice()
        }
        return (password, try .calibrated(clock: ContinuousClock()))
    }

    private func typedTwice() async throws -> SecretBytes {
        guard let prompt = context.prompt, let first = try await prompt.ask("new password: ") else { throw nobodyToAsk }
        _ = try notEmpty(first)
        guard let second = try await prompt.ask("the same password again: ") else { throw nobodyToAsk }
        guard first.constantTimeEquals(second) else {
            throw CommandError(.passwordUnusable, "the two passwords differ", hint: "nothing was changed; try again")
        }
        return first
    }

    private func configured() async throws -> SecretBytes? {
        if options.passwordFile != nil, options.passwordCommand != nil {
            throw CommandError(
                .invalidArgument, "--password-file and --password-command exclude each other", hint: "give one of them")
        }
        if let file = options.passwordFile { return try PasswordFile.read(file) }
        if let command = options.passwordCommand { return try await program(command) }
        if let file = variable("LIFEBOAT_PASSWORD_FILE") { return try PasswordFile.read(file) }
        if let command = variable("LIFEBOAT_PASSWORD_COMMAND") { return try await program(command) }
        return nil
    }

    private func program(_ command: String) async throws -> SecretBytes {
        try await PasswordProgram.read(command, environment: context.environment)
    }

    private func variable(_ name: String) -> String? {
        context.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func notEmpty(_ password: SecretBytes) throws -> SecretBytes {
        guard password.count > 0 else {
            throw CommandError(.passwordUnusable, "the password is empty", hint: "restic refuses empty passwords too")
        }
        return password
    }

    private var nobodyToAsk: CommandError {
        CommandError(
            .passwordMissing, "no password was given, and there is no terminal to ask for one",
            hint: "give --password-file or --password-command, or set LIFEBOAT_PASSWORD_FILE")
    }
}
