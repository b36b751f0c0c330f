import Configuration
import Sealing
import Settings

/// Reading configurations from text; secrets resolve to their references.
enum Files {
    static func read(_ text: String) throws(SettingsError) -> LifeboatConfiguration {
        try LifeboatConfiguration(text: text, file: "l.yaml", hostname: "web1") { reference in
            { SecretBytes(Array("\(reference)".utf8)) }
        }
    }

    /// The problems of a file; none when there are none.
    static func problems(_ text: String) -> [String] {
        do throws(SettingsError) {
            _ = try read(text)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    /// A file with these sources and plans, on lines from 5 on.
    static func text(sources: String, plans: String = "", head: String = "") -> String {
        """
        service: cloud
        \(head.isEmpty ? "# nothing more" : head)
        stores: {disk: {repository: /srv/backup, password: {file: /etc/p}, country: DE}}
        sources:
        \(indented(sources))
        plans:
        \(plans.isEmpty ? "  p: {store: disk, sources: [f]}" : indented(plans))
        """
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    }
}
