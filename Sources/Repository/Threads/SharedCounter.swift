import Synchronization

/// A number that several threads count up.
final class SharedCounter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    @discardableResult
    func add(_ number: Int) -> Int { count.add(number, ordering: .relaxed).newValue }
}
