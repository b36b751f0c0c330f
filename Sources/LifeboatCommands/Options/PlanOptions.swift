import ArgumentParser

/// For commands that ask servers.
struct UntestedOptions: ParsableArguments {
    @Flag(help: "Go on with versions of servers that were never tried (docs/versions.md).")
    var acceptUntested = false
}
