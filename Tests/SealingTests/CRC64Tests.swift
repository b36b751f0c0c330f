import Testing

@testable import Sealing

@Suite struct CRC64Tests {
    @Test("the sum is that of Redis, in one piece or many")
    func known() {
        var whole = CRC64()
        whole.update(Array("123456789".utf8))
        #expect(whole.value == 0xe9c6_d914_c4b8_d9ca)
        var pieces = CRC64()
        for byte in "123456789".utf8 { pieces.update([byte]) }
        #expect(pieces.value == whole.value)
    }
}
