/// The text of a small runbook: a head and all sections around a recovery.
public enum SmallRunbook {
    /// A runbook in which nothing is missing that `runbook check` asks for.
    ///
    /// - Parameters:
    ///   - scenario: the letter it is for.
    ///   - variables: what its steps are given.
    ///   - detection: and `escalation`: what these sections say.
    ///   - recovery: steps and decisions, as they stand in a runbook.
    public static func text(
        scenario: String = "D", variables: [String] = [], detection: String = "It is down.",
        escalation: String = "Nobody.", recovery: String = ""
    ) -> String {
        """
        ---
        title: Small
        scenario: \(scenario)
        owner: tests
        review-by: 2099-01-01
        objective: {full: 2h}
        variables: [\(variables.joined(separator: ", "))]
        ---

        ## Detection

        \(detection)

        ## Escalation

        \(escalation)

        ## Recovery

        \(recovery)

        ## Verification

        Look.

        ## Communication

        Tell.

        ## Failback

        None.

        """
    }
}
