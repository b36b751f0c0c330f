import Chunking
import Sealing

extension OpenRepository {
    /// The cutters of this repository: ours are keyed from its master key, restic's takes the polynomial of its config.
    func cutters(usesRabin: Bool) -> CutterSet {
        let key = KeyDerivation.secret(self.key, purpose: "chunking", repositoryID: config.id, byteCount: 32)
        return unsafe CutterSet(key: key.withBytes { unsafe Array($0) }, rabin: usesRabin ? config.polynomial : nil)
    }
}
