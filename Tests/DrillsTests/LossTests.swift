import Testing

@testable import Drills

@Suite("What was lost")
struct LossTests {
    /// A beat a second, from second 1; the fault after second 10.
    private static func measure(_ held: String) -> LossMeasure {
        let beats = held.enumerated().map { index, letter in
            LossMeasure.Beat(
                number: index + 1, acknowledged: Double(index + 1), isHeld: letter == "?" ? nil : letter == "h")
        }
        return LossMeasure(store: .database, beats: beats.reversed(), fault: 10.5)
    }

    @Test("nothing lost is an RPO of zero")
    func none() {
        let measure = Self.measure("hhhhhhhhhh")
        #expect(measure.achievedSeconds == 0 && measure.lostBefore.isEmpty && measure.mostSeconds == 0.5)
    }

    @Test("what is missing at the end is an interval: from the first lost, and from the last held")
    func end() {
        let measure = Self.measure("hhhhhhhlll")
        #expect(measure.leastSeconds == 2.5 && measure.mostSeconds == 3.5 && measure.achievedSeconds == 3.5)
        #expect(measure.lostBefore == [8, 9, 10] && measure.holes.isEmpty)
    }

    @Test("what is missing in the middle is a hole, whatever the end is like")
    func hole() {
        let measure = Self.measure("hhlhhhhhll")
        #expect(measure.holes == [3] && measure.leastSeconds == 1.5 && measure.mostSeconds == 2.5)
    }

    @Test("what was written after the fault and is not there is counted and listed apart")
    func after() {
        let measure = Self.measure("hhhhhhhhhhhhllh")
        #expect(measure.lostAfter == [13, 14] && measure.lostBefore.isEmpty && measure.countBefore == 10)
    }

    @Test("with nothing held there is no upper bound, and what is unknown is neither held nor lost")
    func nothing() {
        let measure = Self.measure("llllllllll")
        #expect(measure.mostSeconds == nil && measure.achievedSeconds == nil && measure.leastSeconds == 9.5)
        #expect(Self.measure("hhhhhhhhh?").unknown == [10])
        #expect(Self.measure("hhhhhhhhh?").achievedSeconds == 0)
    }
}
