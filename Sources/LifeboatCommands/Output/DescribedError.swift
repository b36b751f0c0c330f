import DataSources
import Drills
import Journal
import Ledger
import ObjectStore
import Recovery
import Repository
import Runbooks
import Sealing
import Settings
import Trees

/// An error that tells an operator what happened, where, and what to do.
protocol DescribedError: Error {
    /// The kind, as a word for scripts.
    var kind: String { get }
    /// What happened, one line, lower case, no full stop.
    var message: String { get }
    /// Which object or path; may be empty.
    var subject: String { get }
    /// What to do next; may be empty.
    var hint: String { get }
    /// The failure beneath.
    var cause: (any Error)? { get }
    /// How the program ends because of it.
    var exitStatus: ExitStatus { get }
    /// Where several things are wrong at once: each of them; then these are told in place of the message.
    var problems: [SettingsProblem] { get }
}

extension DescribedError {
    var problems: [SettingsProblem] { [] }
    var exitStatus: ExitStatus { .failed }
}

extension CommandError: DescribedError {
    var kind: String { code.rawValue }

    var exitStatus: ExitStatus {
        switch code {
        case .interrupted: .interrupted
        case .invalidArgument, .repositoryNotNamed: .usage
        default: .failed
        }
    }
}

extension RepositoryError: DescribedError {
    var kind: String { code.rawValue }

    var exitStatus: ExitStatus {
        switch code {
        case .noRepository: .noRepository
        case .locked: .locked
        case .wrongPassword: .wrongPassword
        case .cancelled: .interrupted
        default: .failed
        }
    }
}

extension StoreError: DescribedError {
    var kind: String { code.rawValue }

    var exitStatus: ExitStatus {
        switch code {
        case .storeMissing: .noRepository
        case .cancelled: .interrupted
        default: .failed
        }
    }
}

extension SealingError: DescribedError {
    var kind: String { code.rawValue }
    var subject: String { "" }
    var exitStatus: ExitStatus { code == .wrongPassword ? .wrongPassword : .failed }
}

extension SourceError: DescribedError {
    var kind: String { code.rawValue }
}

extension RecoveryError: DescribedError {
    var kind: String { code.rawValue }

    var exitStatus: ExitStatus {
        switch code {
        case .alreadyRunning: .locked
        case .notConfirmed, .notConfigured: .usage
        default: .failed
        }
    }
}

extension LedgerError: DescribedError {
    var kind: String { code.rawValue }
}

extension JournalError: DescribedError {
    var kind: String { code.rawValue }
}

extension DrillError: DescribedError {
    var kind: String { code.rawValue }
    var exitStatus: ExitStatus { code == .isRunning ? .locked : .failed }
}

extension TreeError: DescribedError {
    var kind: String { code.rawValue }
}

extension SettingsError: DescribedError {
    var kind: String { "configurationInvalid" }
    var message: String { "the configuration has \(Units.count(problems.count, "problem"))" }
    var subject: String { file }
    var hint: String { "" }
    var cause: (any Error)? { nil }
}

extension RunbookError: DescribedError {
    var kind: String { "runbookInvalid" }
    var message: String { "the runbook has \(Units.count(problems.count, "problem"))" }
    var subject: String { file }
    var hint: String { description }
    var cause: (any Error)? { nil }
}
