import Glibc

/// The program as a process.
public enum LifeboatProgram {
    /// Runs the command line of this process and ends it.
    public static func main() async -> Never {
        ProcessHardening.apply()
        let arguments = Array(CommandLine.arguments.dropFirst())
        let context = CommandContext.system()
        let work = Task { await CommandRunner.run(arguments, in: context) }
        Interruption.watch { work.cancel() }
        exit(await work.value)
    }
}
