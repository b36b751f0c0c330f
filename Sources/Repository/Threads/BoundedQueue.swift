/// Hands work from one thread to others, and makes the giver wait when too much lies there: that bounds memory, and lets a
/// slow upload slow the reader.
///
/// Each element has a weight (bytes); the queue takes elements while the weight in it is below the limit.
final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var elements: [Element?] = []
        var next = 0
        var weight = 0
        var isClosed = false
    }

    private let limit: Int
    private let weigh: @Sendable (Element) -> Int
    private let state = Monitor(State())

    init(limit: Int, weigh: @escaping @Sendable (Element) -> Int) {
        self.limit = limit
        self.weigh = weigh
    }

    /// Adds an element; waits while the queue is full. False when the queue was closed.
    func push(_ element: Element) -> Bool {
        let weight = weigh(element)
        return state.wait { state in
            if state.isClosed { return false }
            guard state.weight == 0 || state.weight + weight <= self.limit else { return nil }
            state.elements.append(element)
            state.weight += weight
            return true
        }
    }

    /// Takes the oldest element; waits for one. nil when the queue is closed and empty.
    func pop() -> Element? {
        state.wait { state in
            if state.next < state.elements.count, let element = state.elements[state.next] {
                state.elements[state.next] = nil
                state.next += 1
                state.weight -= self.weigh(element)
                if state.next == state.elements.count || state.next >= 64 {
                    state.elements.removeFirst(state.next)
                    state.next = 0
                }
                return Optional(element)
            }
            return state.isClosed ? .some(nil) : nil
        }
    }

    /// No more elements come. What lies there is still given out, unless `dropping`.
    func close(dropping: Bool = false) {
        state.update { state in
            state.isClosed = true
            if dropping {
                state.elements = []
                state.next = 0
                state.weight = 0
            }
        }
    }
}
