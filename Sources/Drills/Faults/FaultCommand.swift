/// The shell text that makes a fault. It ends before it breaks anything when the place that it would break does not have the
/// environment's token.
struct FaultCommand {
    let text: String
    let host: String
    let variables: [String: String]
    /// Is the last line of its output the position of the transaction that did it?
    let givesPosition: Bool

    /// - Throws: `DrillError.unsupported` when the environment cannot make it.
    init(_ fault: Fault, _ environment: DrillEnvironment) throws {
        var values = ["HOST": fault.host, "SUBJECT": fault.path ?? "", "NAME": EnvironmentToken.fileName]
        if let own = environment.faultCommands[fault.kind] {
            (text, host, variables, givesPosition) = (own, "operator", values, false)
            return
        }
        switch fault.kind {
        case .killHost, .cutLink, .staleDNS, .deleteObjects:
            throw DrillError(
                .unsupported, "this environment cannot make the fault `\(fault.kind.rawValue)`", subject: fault.host,
                hint: "give the command under `faults: {\(fault.kind.rawValue): …}` of the environment")
        case .run: text = fault.script ?? "false"
        case .dropTable, .garbleRows, .deleteRows:
            guard let sql = environment.sql else {
                throw DrillError(
                    .unsupported, "the environment does not say how its database is reached", subject: fault.host,
                    hint: "give `sql:` of the environment")
            }
            let made = try SQLFault(fault, environment.sqlDialect)
            values["STATEMENTS"] = made.statements
            text = made.script(client: sql)
        case .deleteFiles: text = Self.proof + "find \"$SUBJECT\" -mindepth 1 -delete\n"
        case .encryptFiles: text = Self.proof + Self.encrypt
        case .fillVolume: text = Self.fill
        case .withholdCredentials: text = "mv -- \"$SUBJECT\" \"$SUBJECT.withheld\"\n"
        }
        host = fault.host
        variables = values
        givesPosition = [.dropTable, .garbleRows, .deleteRows].contains(fault.kind)
    }

    /// The folder, or one above it, has the token.
    private static let proof = """
        at=$SUBJECT
        until [ "$(cat "$at/$NAME" 2>/dev/null)" = "$TOKEN" ]; do
            case $at in */*?) at=${at%/*} ;; *) echo "no token above $SUBJECT" >&2; exit 1 ;; esac
            [ -n "$at" ] || { echo "no token above $SUBJECT" >&2; exit 1; }
        done

        """

    private static let encrypt = """
        find "$SUBJECT" -type f ! -name "$NAME" -exec sh -c '
            for file; do
                openssl rand "$(stat -c %s "$file")" >"$file.locked" && rm -- "$file"
            done' sh {} +

        """

    /// Only a volume of its own is filled: on any other the machine itself would stop.
    private static let fill = """
        mountpoint -q -- "$SUBJECT" || { echo "$SUBJECT is no volume of its own" >&2; exit 1; }
        [ "$(cat "$SUBJECT/$NAME")" = "$TOKEN" ]
        dd if=/dev/zero of="$SUBJECT/.lifeboat-full" bs=1M 2>/dev/null || true
        """
}
