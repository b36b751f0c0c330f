import DataSources
import Recovery
import Settings

/// What no part of the file can know alone.
struct CrossChecks {
    private let content: FileContent
    private let fields: Fields
    private let sources: [String: ProtectedSource]

    init(_ content: FileContent, _ fields: Fields) {
        self.content = content
        sources = Dictionary(content.sources.map { ($0.name, $0) }) { first, _ in first }
        self.fields = fields
    }

    func run() {
        for store in content.stores { checkCountry(of: store) }
        for source in content.sources {
            checkReconcile(of: source)
            checkPatterns(of: source)
        }
        for plan in content.plans { check(plan) }
        checkHandover()
        warnOfIdleHook()
        warnOfUnprotected()
    }

    /// Rules name databases that statements can be run in.
    private func checkHandover() {
        let rules = content.handover
        for rule in rules.erasures {
            checkDatabase(rule.source, at: ["erasures", rule.kind, "source"])
            guard let files = rule.filesSource else { continue }
            if sources[files]?.kind != .files {
                let names = content.sources.filter { $0.kind == .files }.map(\.name)
                fields.unknownName(
                    at: ["erasures", rule.kind, "files-source"], files, among: names, called: "source of kind files")
            }
        }
        for profile in rules.masks {
            checkDatabase(profile.source, at: ["masks", profile.name, "sources", profile.source])
        }
        for (number, epoch) in rules.epochs.enumerated() {
            checkDatabase(epoch.source, at: ["epochs", "[\(number)]", "source"])
        }
    }

    private func checkDatabase(_ name: String, at path: [String]) {
        if fields.isAbsent(["sources"]) || fields.isRefused(path) { return }
        let databases = content.sources.filter { $0.kind == .mariadb || $0.kind == .postgresql }.map(\.name)
        if !databases.contains(name) {
            fields.unknownName(at: path, name, among: databases, called: "source of kind mariadb or postgresql")
        }
    }

    private func checkCountry(of store: StoreSettings) {
        let allowed = content.allowedCountries
        guard !allowed.isEmpty, !fields.isRefused(["allowed-countries"]) else { return }
        let path = ["stores", store.name, "country"]
        guard let country = store.country else {
            fields.problem(
                at: path, message: "is missing, and allowed-countries asks for it",
                hint: "say where the store's machines are, such as `country: \(allowed[0])`")
            return
        }
        if !allowed.contains(country) {
            fields.problem(
                at: path, message: "\(country) is not among allowed-countries (\(allowed.joined(separator: ", ")))",
                hint: "choose another store, or allow the country")
        }
    }

    private func checkReconcile(of source: ProtectedSource) {
        guard let reconcile = source.reconcile else { return }
        let path = ["sources", source.name, "reconcile"]
        let files = content.sources.filter { $0.kind == .files }
        guard let target = sources[reconcile.files] else {
            fields.unknownName(at: path + ["files"], reconcile.files, among: files.map(\.name), called: "source")
            return
        }
        guard !fields.isRefused(["sources", target.name]) else { return }
        guard case .files(let settings) = target.settings else {
            fields.problem(
                at: path + ["files"], message: "\(target.name) is a source of kind \(target.kind.rawValue), not files",
                hint: "name the source that holds the files which the rows refer to")
            return
        }
        let isInside = settings.paths.contains { reconcile.root == $0 || reconcile.root.hasPrefix(folder($0)) }
        if !isInside {
            fields.problem(
                at: path + ["root"], message: "is not within the paths of source \(target.name)",
                hint: "they are " + settings.paths.joined(separator: ", "))
        }
    }

    private func folder(_ path: String) -> String { path.hasSuffix("/") ? path : path + "/" }

    private func check(_ scheduled: ScheduledPlan) {
        let plan = scheduled.plan
        let path = ["plans", plan.name]
        if !fields.isAbsent(["stores"]), !content.stores.contains(where: { $0.name == plan.store }) {
            fields.unknownName(at: path + ["store"], plan.store, among: content.stores.map(\.name), called: "store")
        }
        var seen = Set<String>()
        for (number, name) in plan.sources.enumerated() {
            let path = path + ["sources", "[\(number)]"]
            guard let source = sources[name] else {
                if fields.isAbsent(["sources"]) { continue }
                fields.unknownName(at: path, name, among: content.sources.map(\.name), called: "source")
                continue
            }
            if !seen.insert(name).inserted {
                fields.problem(at: path, message: "names \(name) a second time", hint: "keep one of them")
            }
            if case .redis(let settings) = source.settings, settings.role == .cache {
                fields.problem(
                    at: path,
                    message: "\(name) is a Redis with the role cache, which is not backed up: it starts empty",
                    hint: "leave it out of the plan, or give it the role sessions, queue or store")
            }
        }
        warnOfObjectives(scheduled, path)
    }

    /// What is written just after a run has read it is safe when the next run is done, or at once where a journal archives it.
    private func warnOfObjectives(_ scheduled: ScheduledPlan, _ path: [String]) {
        guard let gap = scheduled.schedule?.longestGap else { return }
        let plan = scheduled.plan
        let promised = plan.sources.compactMap { sources[$0] }.filter { $0.journal == nil }
            .compactMap { source in source.objective.rpo.map { (source.name, $0) } }
        guard let (name, rpo) = promised.min(by: { $0.1 < $1.1 }) else { return }
        let exposed = gap + (plan.usualDuration ?? .zero)
        guard exposed > rpo else { return }
        let duration = plan.usualDuration.map { " and takes \($0.settingText)" } ?? ""
        fields.warning(
            at: path + ["schedule"],
            message: "pauses for up to \(gap.settingText)\(duration), so \(exposed.settingText) of data may be lost; "
                + "\(name) promises \(rpo.settingText)",
            hint: "run the plan more often, or promise less in sources.\(name).objective.rpo")
    }

    /// A pattern that cannot be read is better found now than when it is needed.
    private func checkPatterns(of source: ProtectedSource) {
        guard case .files(let settings) = source.settings else { return }
        for (number, pattern) in settings.restoreFirst.enumerated() {
            guard let message = RestoreOrder.refusal(of: [pattern]) else { continue }
            fields.problem(
                at: ["sources", source.name, "restore-first", "[\(number)]"], message: message,
                hint: "patterns are those of `exclude`")
        }
    }

    /// Nothing comes first, so there is no moment between.
    private func warnOfIdleHook() {
        guard content.hooks.degraded != nil, !fields.isAbsent(["sources"]) else { return }
        let hasFirst = content.sources.contains { source in
            if case .files(let settings) = source.settings, !settings.restoreFirst.isEmpty { return true }
            return source.restoreClass == .first
        }
        guard !hasFirst else { return }
        fields.warning(
            at: ["degraded"], message: "is never run, since no source comes first",
            hint: "give `restore-class: first` to the sources that a degraded service needs")
    }

    private func warnOfUnprotected() {
        let planned = Set(content.plans.flatMap(\.plan.sources))
        for source in content.sources where !planned.contains(source.name) {
            if case .redis(let settings) = source.settings, settings.role == .cache { continue }
            fields.warning(
                at: ["sources", source.name], message: "is in no plan, so nothing backs it up",
                hint: "add it to the sources of a plan")
        }
    }
}
