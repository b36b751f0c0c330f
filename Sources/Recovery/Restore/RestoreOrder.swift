public import DataSources
import Trees

/// In which order the sources of a service come back: the class `first` before the rest, within a class databases before files,
/// and else the order of the configuration. Pure.
public struct RestoreOrder: Sendable {
    /// One source, or a part of it.
    public struct Step: Sendable, Hashable {
        /// The source.
        public var source: String
        /// Its kind.
        public var kind: SourceKind
        /// When it comes.
        public var restoreClass: RestoreClass
        /// Only what matches these patterns comes now; empty for everything that is not there yet.
        public var patterns: [String] = []

        /// A step.
        public init(source: String, kind: SourceKind, restoreClass: RestoreClass = .rest) {
            self.source = source
            self.kind = kind
            self.restoreClass = restoreClass
        }

        /// What the journal calls it.
        var key: String { patterns.isEmpty ? source : source + "/first" }
    }

    /// What is restored, in this order.
    public let steps: [Step]
    /// How many sources there are; a tree that comes in two steps is one.
    public let sourceCount: Int

    /// Orders steps.
    public init(_ steps: [Step]) {
        sourceCount = Set(steps.map(\.source)).count
        self.steps = steps.enumerated().sorted { RestoreOrder.rank($0) < RestoreOrder.rank($1) }.map(\.element)
    }

    /// Orders sources, each as one step.
    public init(_ sources: [ProtectedSource]) {
        self.init(sources.map { Step(source: $0.name, kind: $0.kind, restoreClass: $0.restoreClass) })
    }

    /// Orders sources for a target that can be filled bit by bit: what a tree names as `restore-first` comes with the class
    /// `first`, the others with the tree's own.
    public init(splitting sources: [ProtectedSource]) { self.init(sources.flatMap(RestoreOrder.steps(of:))) }

    /// The steps of a source in a folder.
    public static func steps(of source: ProtectedSource) -> [Step] {
        let whole = Step(source: source.name, kind: source.kind, restoreClass: source.restoreClass)
        guard case .files(let settings) = source.settings, !settings.restoreFirst.isEmpty else { return [whole] }
        var early = whole
        early.restoreClass = .first
        early.patterns = settings.restoreFirst
        return [early, whole]
    }

    /// What is wrong with patterns of `restore-first`; nil when nothing is.
    public static func refusal(of patterns: [String]) -> String? {
        do throws(TreeError) {
            _ = try PatternList(patterns)
            return nil
        } catch {
            return error.message
        }
    }

    /// The steps after which a degraded service is up; empty when nothing comes first.
    public var first: [Step] { steps.filter { $0.restoreClass == .first } }

    private static func rank(_ step: (offset: Int, element: Step)) -> (Int, Int, Int) {
        (step.element.restoreClass == .first ? 0 : 1, step.element.kind == .files ? 1 : 0, step.offset)
    }
}
