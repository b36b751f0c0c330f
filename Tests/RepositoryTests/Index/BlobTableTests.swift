import Sealing
import TestSupport
import Testing

@testable import Repository

@Suite("the table of all blobs")
struct BlobTableTests {
    private func id(_ generator: inout SeededGenerator) -> Digest {
        Digest(words: (generator.next(), generator.next(), generator.next(), generator.next()))
    }

    @Test("costs at most 60 bytes a blob", arguments: [100_000, 500_000, 917_505, 1_000_000])
    func memory(count: Int) {
        var generator = SeededGenerator(seed: 5)
        let table = BlobTable()
        for number in 0..<count {
            if number % 1_000 == 0 {
                if number > 0 { table.linkPack() }
                table.beginPack(PackID(id(&generator)))
            }
            table.append(BlobID(id(&generator)), .data, offset: 0, byteCount: 100, compressedFrom: 0)
        }
        table.linkPack()
        let each = Double(table.memoryByteCount) / Double(count)
        print("\(count) blobs: \(each) bytes each")
        #expect(each <= 60)
    }

    @Test("answers like a dictionary of lists", arguments: [UInt64.random(in: 0 ... .max), 1, 2])
    func model(seed: UInt64) {
        print("table model with seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let table = BlobTable()
        var model = [BlobID: [BlobType: [(pack: Int, offset: UInt32, byteCount: UInt32, from: UInt32)]]]()
        var ids = [BlobID]()
        for pack in 0..<300 {
            table.beginPack(PackID(id(&generator)))
            // The hostile case too: IDs that all begin alike and so meet in one slot.
            let isCrowded = pack % 7 == 0
            for number in 0..<Int.random(in: 0...60, using: &generator) {
                var words = id(&generator).words
                if isCrowded { words.0 = 42 }
                let known = ids.isEmpty || Int.random(in: 0..<3, using: &generator) > 0
                let blob =
                    known
                    ? BlobID(Digest(words: words))
                    : ids.randomElement(using: &generator) ?? BlobID(Digest(words: words))
                ids.append(blob)
                let type: BlobType = Bool.random(using: &generator) ? .data : .tree
                let place = (
                    pack, UInt32(number * 50), UInt32(40 + number), UInt32(truncatingIfNeeded: generator.next())
                )
                table.append(blob, type, offset: place.1, byteCount: place.2, compressedFrom: place.3)
                model[blob, default: [:]][type, default: []].append(place)
            }
            table.linkPack()
        }
        let retired = Set((0..<300).filter { _ in Int.random(in: 0..<4, using: &generator) == 0 })
        table.retire(Set(retired.map { table.packs[$0] }))
        for blob in ids {
            for type in BlobType.allCases {
                let expected = model[blob]?[type] ?? []
                let found = table.entries(of: blob, type).map { entry in
                    let place = table.place(of: entry)
                    return [UInt32(place.pack), place.offset, place.byteCount, place.compressedFrom]
                }
                let wanted = expected.map { [UInt32($0.pack), $0.offset, $0.byteCount, $0.from] }
                #expect(found.count == wanted.count && Set(found) == Set(wanted))
                #expect(
                    found.map { retired.contains(Int($0[0])) }
                        == found.map { retired.contains(Int($0[0])) }.sorted { !$0 && $1 })
                #expect(table.holds(blob, type) == expected.contains { !retired.contains($0.pack) })
                #expect((table.find(blob, type) == nil) == expected.isEmpty)
            }
        }
        for _ in 0..<1_000 { #expect(table.find(BlobID(id(&generator)), .data) == nil) }
        #expect(table.count == ids.count)
        #expect((0..<300).flatMap { table.entries(ofPack: $0) } == Array(0..<table.count))
    }

    @Test("forgets a pack that was dropped before it was linked")
    func dropped() {
        var generator = SeededGenerator(seed: 6)
        let table = BlobTable()
        let blobs = (0..<3).map { _ in BlobID(id(&generator)) }
        for blob in blobs {
            table.beginPack(PackID(id(&generator)))
            table.append(blob, .data, offset: 0, byteCount: 50, compressedFrom: 0)
            if blob == blobs[1] { table.dropPack() } else { table.linkPack() }
        }
        #expect(blobs.map { table.holds($0, .data) } == [true, false, true])
        #expect(table.count == 2 && table.packs.count == 2)
    }
}
