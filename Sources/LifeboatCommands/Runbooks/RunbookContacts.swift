import Configuration
import Runbooks

/// What the configuration fills into runbooks.
struct RunbookContacts {
    let context: CommandContext
    let global: GlobalOptions

    /// Service and contacts. In an emergency the configuration may be gone with its machine: then they are left open.
    func words() async -> RunbookWords {
        do {
            let configuration = try await ConfigurationAccess(context: context, options: global).load()
            return RunbookWords(service: configuration.service, contacts: configuration.contacts)
        } catch {
            let why = ErrorReport(error)
            context.output.message("note: contacts are not known here: \(why.message)")
            return RunbookWords()
        }
    }
}
