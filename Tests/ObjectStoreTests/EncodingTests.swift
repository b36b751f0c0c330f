import TestSupport
import Testing

@testable import ObjectStore

@Suite("small encodings")
struct EncodingTests {
    @Test(
        "MD5 gives the digests of RFC 1321",
        arguments: [
            ("", "1B2M2Y8AsgTpgAmY7PhCfg=="), ("a", "DMF1ucDxtqgxw5niaXcmYQ=="),
            ("message digest", "+WtpfXy3k41SWi8xqvFh0A=="),
            (String(repeating: "1234567890", count: 8), "V+30oivjyVWsSdouIQe2eg=="),
        ])
    func md5(text: String, expected: String) {
        #expect(Base64.encode(MessageDigest5.digest(Array(text.utf8))) == expected)
    }

    @Test("MD5 pads every length right")
    func md5Lengths() {
        // Digest of the digests of 0 ... 200 zero bytes, as Python's hashlib gives it.
        let all = (0...200).flatMap { MessageDigest5.digest([UInt8](repeating: 0, count: $0)) }
        #expect(Base64.encode(MessageDigest5.digest(all)) == "kDKFWq6dYKyEwumR7jaSeQ==")
    }

    @Test(
        "base64 pads one, two and three bytes",
        arguments: [
            ([], ""), ([0x66], "Zg=="), ([0x66, 0x6f], "Zm8="), ([0x66, 0x6f, 0x6f], "Zm9v"),
            ([0xff, 0xfe, 0xfd, 0xfc], "//79/A=="),
        ] as [([UInt8], String)])
    func base64(bytes: [UInt8], expected: String) {
        #expect(Base64.encode(bytes) == expected)
    }

    @Test(
        "dates of HTTP and of signatures agree",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0, "19700101T000000Z"),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777, "19941106T084937Z"),
            ("Tue, 29 Feb 2028 23:59:59 GMT", 1_835_481_599, "20280229T235959Z"),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400, "21000301T000000Z"),
        ] as [(String, Int64, String)])
    func dates(http: String, seconds: Int64, compact: String) {
        #expect(CivilTime(httpDate: http)?.unixSeconds == seconds)
        #expect(CivilTime(unixSeconds: seconds).compact == compact)
    }

    @Test(
        "what is no date is none",
        arguments: ["", "now", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 99 Nov 1994 08:49:37 GMT"])
    func noDates(text: String) {
        #expect(CivilTime(httpDate: text) == nil)
    }

    @Test("percent-encoding comes back", arguments: StoreContract.oddNames)
    func percent(name: String) {
        let encoded = PercentEncoding.encode(name)
        #expect(PercentEncoding.decode(encoded).map { Array($0.utf8) } == Array(name.utf8))
        #expect(PercentEncoding.decode("a+b") == "a b")
    }

    @Test("broken percent-encoding is refused", arguments: ["%", "%4", "%zz", "a%f", "%ff"])
    func brokenPercent(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test("XML is read with entities, comments, CDATA and namespaces")
    func xml() throws {
        let text = """
            \u{feff}<?xml version="1.0"?><!-- list --><s3:Root xmlns:s3='urn:x>y' a="/>"><Name>a&amp;b&#x2f;&#99;<![CDATA[<d>]]></Name>
            <Item><Key> x </Key><Empty/></Item><Item ><Key>é</Key></Item ></s3:Root>
            """
        let answer = try XMLAnswer(Array(text.utf8), root: "Root", record: "Item")
        #expect(answer.fields == ["Name": "a&b/c<d>"])
        #expect(answer.records == [["Key": " x ", "Empty": ""], ["Key": "é"]])
    }

    @Test(
        "hostile or broken XML is refused",
        arguments: [
            "", "plain", "<a>", "<a></b>", "</a>", "<a/><b>", "<a>&unknown;</a>", "<a>&#xD800;</a>", "<a b=\"</a>",
            "<!DOCTYPE a><a/>",
            "<a><!-- </a>", "<a><![CDATA[ </a>", "<>", "<a", "x<a/>", "<a/>x", "<a>&amp</a>",
            String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100),
        ])
    func badXML(text: String) {
        #expect(throws: XMLReader.Malformed.self) {
            var reader = XMLReader(Array(text.utf8))
            var count = 0
            while try reader.next() != nil { count += 1 }
            if count == 0 { throw XMLReader.Malformed(offset: 0) }
        }
    }

    @Test("cut or spoiled XML never traps")
    func fuzzedXML() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed of the damage: \(seed)")
        let whole = Array(
            "<?xml version=\"1.0\"?><A x='1'><B>t&amp;&#65;</B><C><![CDATA[x]]></C><!-- c --><D/></A>".utf8)
        var noise = StoreContract.bytes(40_000, seed: seed | 1)[...]
        while let place = noise.popFirst(), let value = noise.popFirst(), let cut = noise.popFirst() {
            var bytes = whole
            bytes[Int(place) % whole.count] = value
            bytes.removeLast(Int(cut) % 20)
            var reader = XMLReader(bytes)
            var events = 0
            while let event = try? reader.next() { events += event == .text("") ? 0 : 1 }
            #expect(events < 100)
        }
    }
}
