import Glibc
import ObjectStore
import TestSupport
import Testing

@Suite("a bucket of Ceph's gateway as a store", .enabled(if: S3Server.Kind.gateway.isExpected, "no radosgw here"))
struct GatewayStoreTests {
    @Test("keeps the contract", arguments: StoreContract.claims())
    func contract(claim: StoreContract.Claim) async throws {
        try await claim.check(S3Server.shared().store())
    }
}

@Suite("a bucket of rclone as a store", .enabled(if: S3Server.Kind.rclone.isExpected, "no rclone here"))
struct RcloneStoreTests {
    // It keeps objects as files, so a name cannot be a folder of another and its parts are short, and it ignores conditions.
    @Test("keeps the contract", arguments: StoreContract.claims(except: .nestedNames, .longParts, .conditions))
    func contract(claim: StoreContract.Claim) async throws {
        try await claim.check(S3Server.shared(.rclone).store())
    }
}
