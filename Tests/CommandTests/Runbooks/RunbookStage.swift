import FoundationEssentials
import TestSupport

/// Runbooks and environments for tests of commands.
enum RunbookStage {
    /// The runbooks of this tree.
    static let folder =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/runbooks"

    /// A runbook of three steps and a decision, whose steps write what they were given into files beside it.
    static let small = SmallRunbook.text(
        scenario: "S", variables: ["PLACE"], detection: "It is {{service}}.", escalation: "{{contacts}}",
        recovery: """
            ```sh {step="first" on="operator" timeout="1m" sets="WORD"}
            echo said
            echo word
            ```

            ```sh {verify="first" on="operator" timeout="1m"}
            test "$WORD" = word
            ```

            ```decision {decision="choice" sets="CHOICE" timeout="1m"}
            Which?
            ```

            ```sh {proposes="choice" on="operator" timeout="1m"}
            echo one of two
            echo proposed
            ```

            ```sh {step="second" on="operator" timeout="1m"}
            if [ -e "$PLACE/deadly" ]; then rm "$PLACE/deadly"; kill -9 "$PPID"; fi
            echo "$WORD $CHOICE" >"$PLACE/second"
            ```

            ```sh {verify="second" on="operator" timeout="1m"}
            test -s "$PLACE/second"
            ```

            ```sh {step="elsewhere" on="app1" timeout="1m"}
            echo "$CHOICE"
            ```

            ```sh {verify="elsewhere" on="app1" timeout="1m"}
            true
            ```
            """)

    /// A place with a repository, a configuration with a contact, and the small runbook beside it.
    static func place() async throws -> Workplace {
        let place = try await Workplace.withRepository()
        try place.write(
            """
            service: cloud
            node: testhost
            state: \(place.path("state"))
            stores:
              main: {repository: \(place.repository), password: {file: \(place.passwordFile)}}
            sources:
              uploads: {kind: files, paths: [\(place.path("uploads"))]}
            contacts:
              - {role: on call, name: Anna, phone: "+49 30 1"}

            """, to: "lifeboat.yaml", mode: 0o600)
        try place.write(small, to: "runbooks/S-small.md")
        place.set("LIFEBOAT_REPOSITORY", nil)
        place.set("LIFEBOAT_PASSWORD_FILE", nil)
        place.set("LIFEBOAT_CONFIG", place.path("lifeboat.yaml"))
        return place
    }

    /// An environment of the shape of the staging application.
    static func environment(_ place: Workplace, driver: String = "local", without left: String? = nil) throws -> String
    {
        let names = [
            "CONFIG", "STANDBY_CONFIG", "CLEAN_CONFIG", "NEW_CONFIG", "REPOSITORY", "PASSWORD_FILE", "SOURCE", "FILES",
            "PLAN", "SERVICE", "NAME", "PROVISION", "APP_URL", "STANDBY_URL", "LOGIN_FILE", "MEDIA_ROOT",
            "STANDBY_MEDIA_ROOT",
        ]
        let variables = names.filter { $0 != left }.map { "  - \($0)=${STAGING}/\($0)" }.joined(separator: "\n")
        let more = driver == "ssh" ? "known-hosts: /etc/hosts" : ""
        let hosts = ["app1", "media1", "standby", "dns", "ops"].map { "  \($0): {\(more)}" }.joined(separator: "\n")
        try place.write("STAGING=/srv/staging\n", to: "values")
        return try place.write(
            "environment: staging\ndriver: \(driver)\nhosts:\n\(hosts)\nup: x\ndown: x\nclear: x\nvariables:\n\(variables)\n",
            to: "environment-\(driver).yaml")
    }
}
