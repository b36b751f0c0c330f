import Runbooks
import Sealing
import Settings
import Testing

@testable import Configuration

@Suite("Contacts")
struct ContactTests {
    private func contacts(_ lines: String) throws -> [Contact] {
        let text = """
            service: cloud
            stores: {main: {repository: /srv/r, password: {env: P}}}
            sources: {uploads: {kind: files, paths: [/srv/u]}}
            contacts:
            \(lines)
            """
        return try LifeboatConfiguration(text: text, file: "lifeboat.yaml", hostname: "h") { _ in { SecretBytes([]) } }
            .contacts
    }

    @Test("contacts are read in their order")
    func reads() throws {
        let read = try contacts(
            "  - {role: on call, name: Anna, phone: \"+49 30 1\"}\n  - {role: privacy, name: Bert, mail: b@example.org}"
        )
        #expect(read.map(\.name) == ["Anna", "Bert"])
        #expect(read.map(\.reach) == ["+49 30 1", "b@example.org"])
    }

    @Test("somebody who can be reached in no way is refused with the line")
    func unreachable() {
        let error = #expect(throws: SettingsError.self) { try contacts("  - {role: on call, name: Anna}") }
        #expect(error?.problems.map(\.line) == [5] && error?.problems.first?.message == "can be reached in no way")
    }
}
