import Journal
import Testing

@Suite("Places in a log")
struct PlaceTests {
    @Test("places are ordered by file, then by offset")
    func order() {
        let places = [("binlog.000002", 4), ("binlog.000001", 900), ("binlog.000001", 4)].map {
            LogPlace(file: $0.0, offset: UInt64($0.1))
        }
        #expect(places.sorted().map(\.offset) == [4, 900, 4])
        #expect(places.min()?.file == "binlog.000001")
    }
}
