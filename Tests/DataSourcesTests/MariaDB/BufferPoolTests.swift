import Glibc
import TestSupport
import Testing

@testable import DataSources

@Suite("The buffer pool of a private MariaDB")
struct BufferPoolTests {
    @Test("grows with the data, within a quarter of the memory", arguments: [0, 64, 300, 1 << 20])
    func size(megabytes: Int) throws {
        let folder = try TemporaryFolder()
        #expect(mkdir(folder.path + "/app", 0o700) == 0)
        let file = open(folder.path + "/app/orders.ibd", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(file >= 0 && ftruncate(file, megabytes << 20) == 0)
        close(file)
        let quarter = sysconf(Int32(_SC_PHYS_PAGES)) / 4 * sysconf(Int32(_SC_PAGESIZE))
        let most = max(128 << 20, min(quarter, 4 << 30))
        #expect(MariaDBRestorer.poolByteCount(of: folder.path) == min(max(128 << 20, megabytes << 20), most))
    }
}
