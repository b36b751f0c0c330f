import Glibc
import ObjectStore
import Sealing
import Synchronization
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("the memory of a backup")
struct MemoryTests {
    /// Resident bytes of this process.
    private static func residentByteCount() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 200)
        guard fgets(&line, 200, file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }

    /// In a process of its own, since other tests run beside this one.
    @Test("grows by less than 160 MB while 300 MB stream through it from a source of unknown length")
    func bounded() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            let stage = try await Stage()
            var generator = SeededGenerator(seed: 71)
            let noise = generator.bytes(1 << 20)
            let end: UInt64 = 300 << 20
            let stream = ScriptedSource.Item.file(ScriptedSource.metadata(byteCount: .max)) { offset, room in
                let count = min(room.count, Int(end - min(end, offset)))
                var done = 0
                while done < count {
                    // The same noise all the time but for a stamp in each 4 KiB, so that no chunk comes twice.
                    let place = offset + UInt64(done)
                    let part = min(count - done, 4096 - Int(place % 4096))
                    let target = UnsafeMutableRawBufferPointer(rebasing: room[done..<done + part])
                    let start = Int(place % UInt64(noise.count))
                    noise.withUnsafeBytes {
                        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + part]))
                    }
                    if part >= 8 { target.storeBytes(of: place, as: UInt64.self) }
                    done += part
                }
                return count
            }
            let before = MemoryTests.residentByteCount()
            let peak = Peak()
            let watch = Task {
                while !Task.isCancelled {
                    peak.note(MemoryTests.residentByteCount())
                    try? await Task.sleep(for: .milliseconds(5))
                }
            }
            let result = try await stage.backup(ScriptedSource([("stream", stream)]), as: "/made-up")
            watch.cancel()
            precondition(result.snapshot.summary?.totalBytesProcessed == end)
            precondition(result.uploadedByteCount > 290 << 20, "all of it was new")
            print("resident memory grew from \(before >> 20) to \(peak.value >> 20) MiB at most")
            precondition(peak.value - before < 160_000_000, "grew by \((peak.value - before) >> 20) MiB")
        }
        let said = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        for line in said.split(separator: "\n") where line.contains("resident") { print(line) }
    }
}

/// The largest number that was noted.
private final class Peak: Sendable {
    private let largest = Mutex(0)
    var value: Int { largest.withLock { $0 } }
    func note(_ value: Int) { largest.withLock { $0 = max($0, value) } }
}
