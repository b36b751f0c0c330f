import DataSources

/// A copy of production's data that nobody has seen before it was masked.
public struct MaskedCopy: Sendable {
    /// The copy, with its private server. `end()` removes it.
    public let copy: ScratchCopy
    /// What was done to it.
    public let record: Handover.Record
    /// What must not be found in it, or in anything that is made of it.
    public let known: KnownPersonalData
    /// Columns in which some of that was found all the same: the profile forgets them.
    public let found: [String]
}

extension PointRestore {
    /// Brings a database back into a private server of ours, takes the values of `personal` columns, erases, masks with `profile`,
    /// and looks for the values. Nothing is written to the repository, and no event: its credentials may be unable to.
    ///
    /// - Throws: as `Handover` and `KnownPersonalData`; then nothing is left.
    public func masked(
        _ source: ProtectedSource, by profile: String, personal: [String], phase: (Phase) -> Void = { _ in }
    ) async throws -> MaskedCopy {
        let handover = Handover(in: context)
        try await handover.check(source, for: .masked(profile))
        let copy = try await scratch(source, phase: phase)
        do {
            let server = try Self.server(of: copy)
            let known = try await known(server, source, profile, personal)
            phase(.handover)
            let record = try await handover.run(
                on: server, source: source, restored: moment(of: copy.part), for: .masked(profile))
            let found = try await known.found { try await server.query($0, database: $1) }
            return MaskedCopy(copy: copy, record: record, known: known, found: found)
        } catch {
            try? await copy.end()  // what went wrong before matters more
            throw error
        }
    }

    /// The values of `personal` columns alone: for whoever has to look again and does not have them any more.
    public func knownPersonalData(
        _ source: ProtectedSource, by profile: String, personal: [String]
    ) async throws -> KnownPersonalData {
        let copy = try await scratch(source)
        do {
            let known = try await known(Self.server(of: copy), source, profile, personal)
            try await copy.end()
            return known
        } catch {
            try? await copy.end()  // what went wrong before matters more
            throw error
        }
    }

    private func known(
        _ server: any ScratchServer, _ source: ProtectedSource, _ profile: String, _ personal: [String]
    ) async throws -> KnownPersonalData {
        let rules = context.handover.masks.first { $0.name == profile && $0.source == source.name }
        return try await KnownPersonalData(columns: personal, of: source.kind, exempt: rules?.exempt ?? []) {
            try await server.query($0, database: $1)
        }
    }

    private static func server(of copy: ScratchCopy) throws -> any ScratchServer {
        guard let server = copy.server, HandoverRules.concerns(copy.source.kind) else {
            throw RecoveryError(
                .notConfigured, "nothing can be masked in a source of this kind", subject: copy.source.name,
                hint: "name a database")
        }
        return server
    }
}
