import Sealing
import TestSupport
import Testing
import Trees

@Suite("JSON cursor")
struct JSONCursorTests {
    private func read<T>(
        _ text: String, _ body: (inout JSONCursor) throws(JSONError) -> T
    ) throws(JSONError) -> T {
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONError) -> T in
                var cursor = JSONCursor(buffer)
                let value = try body(&cursor)
                try cursor.end()
                return value
            }
        }
        return try result.get()
    }

    @Test("values of every kind are read in order")
    func values() throws {
        var keys = [String]()
        var numbers = [UInt64]()
        try read(" { \"a\" : [ 1 , 20,0 ] ,\t\"b\": true, \"c\":\n false, \"d\":null,\"e\":{},\"f\":[ ]} ") {
            cursor throws(JSONError) in
            try cursor.object { cursor, key throws(JSONError) in
                keys.append(key.text)
                switch key.text {
                case "a": try cursor.array { cursor throws(JSONError) in numbers.append(try cursor.unsigned()) }
                case "b", "c": numbers.append(try cursor.bool() ? 100 : 200)
                case "d": numbers.append(cursor.null() ? 300 : 400)
                default: try cursor.skipValue()
                }
            }
        }
        #expect(keys == ["a", "b", "c", "d", "e", "f"])
        #expect(numbers == [1, 20, 0, 100, 200, 300])
    }

    @Test(
        "whole numbers are exact up to 2^64 - 1",
        arguments: [
            ("0", 0), ("9999999999999999999", 9_999_999_999_999_999_999), ("18446744073709551615", .max), ("10", 10),
        ] as [(String, UInt64)])
    func numbers(text: String, value: UInt64) throws {
        #expect(try read(text) { cursor throws(JSONError) in try cursor.unsigned() } == value)
    }

    @Test(
        "other numbers are refused",
        arguments: [
            "18446744073709551616", "99999999999999999999", "100000000000000000000", "-1", "+1", "1.0", "1e3", "1E3",
            "01", "00",
            "", "x", "\"1\"", "0x10", "1 2",
        ])
    func badNumbers(text: String) {
        #expect(throws: JSONError.self) { try read(text) { cursor throws(JSONError) in try cursor.unsigned() } }
    }

    @Test("numbers that do not fit their type are refused")
    func narrow() throws {
        #expect(try read("255") { cursor throws(JSONError) in try cursor.unsigned(as: UInt8.self) } == 255)
        #expect(throws: JSONError("number out of range", at: 0)) {
            try read("256") { cursor throws(JSONError) in try cursor.unsigned(as: UInt8.self) }
        }
    }

    @Test(
        "strings are read with their escapes",
        arguments: [
            (#""""#, ""), (#""plain text of more than eight bytes""#, "plain text of more than eight bytes"),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""1234567\u00e4 8""#, "1234567ä 8"),
            (#""\ud83d\ude00\u20AC""#, "😀€"), (#""\ud83dx""#, "\u{FFFD}x"),
            (#""\ude00\ud83d\u0041""#, "\u{FFFD}\u{FFFD}A"),
        ])
    func strings(json: String, text: String) throws {
        #expect(try read(json) { cursor throws(JSONError) in try cursor.string() } == Array(text.utf8))
        try read(json) { cursor throws(JSONError) in try cursor.skipValue() }
    }

    @Test(
        "broken strings are refused, wherever the break stands",
        arguments: [
            "\"", "\"abc", "\"a\\", "\"\\u12\"", "\"\\u12g4\"", "\"\\x41\"", "\"a\nb\"", "\"12345678\u{1F}\"",
            "\"\\n\u{0}\"", "abc",
            "\"\\ud83d\\u12\"",
        ])
    func badStrings(json: String) {
        #expect(throws: JSONError.self) { try read(json) { cursor throws(JSONError) in try cursor.string() } }
        #expect(throws: JSONError.self) { try read(json) { cursor throws(JSONError) in try cursor.skipValue() } }
    }

    @Test("a quote is found at every place of a word")
    func everyPlace() throws {
        for length in 0..<40 {
            for end in ["\"", "\\n\"", "\\\"\""] {
                let text = String(repeating: "ÿ", count: length / 2) + String(repeating: "!", count: length % 2)
                let suffix = end == "\"" ? "" : end == "\\n\"" ? "\n" : "\""
                let value = try read("\"\(text)\(end)") { cursor throws(JSONError) in try cursor.string() }
                #expect(value == Array((text + suffix).utf8))
            }
        }
    }

    @Test("bytes that are not UTF-8 pass through")
    func rawBytes() throws {
        let bytes: [UInt8] = [0x22, 0xFF, 0xC0, 0x80, 0x22]
        let value = try bytes.withUnsafeBytes { buffer in
            var cursor = JSONCursor(buffer)
            return try cursor.string()
        }
        #expect(value == [0xFF, 0xC0, 0x80])
    }

    @Test("digests are 64 digits of either case and nothing else")
    func digests() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let digest = try #require(Digest(bytes: generator.bytes(32)))
            for text in [digest.hex, digest.hex.uppercased()] {
                #expect(try read("\"\(text)\"") { cursor throws(JSONError) in try cursor.digest() } == digest)
            }
        }
        let good = Array(String(repeating: "0aF9", count: 16).utf8)
        for place in [0, 7, 8, 31, 63] {
            for character in UInt8.min...UInt8.max where Character(Unicode.Scalar(character)).hexDigitValue == nil {
                var bytes = good
                bytes[place] = character
                let text = [0x22] + bytes + [0x22]
                text.withUnsafeBytes { buffer in
                    var cursor = JSONCursor(buffer)
                    #expect(throws: JSONError.self) { try cursor.digest() }
                }
            }
        }
        for length in [0, 1, 63, 65, 128] {
            let text = "\"" + String(repeating: "a", count: length) + "\""
            #expect(throws: JSONError.self) { try read(text) { cursor throws(JSONError) in try cursor.digest() } }
        }
    }

    @Test("keys with escapes are read over and equal no plain key")
    func escapedKeys() throws {
        try read(#"{"n\u0061me":1,"\"":[2],"name":3}"#) { cursor throws(JSONError) in
            var plain = 0
            try cursor.object { cursor, key throws(JSONError) in
                if key == "name" { plain += 1 }
                try cursor.skipValue()
            }
            #expect(plain == 1)
        }
    }

    @Test(
        "skipping checks the grammar",
        arguments: [
            "", "nul", "tru", "fals", "-", "1.", ".5", "1e", "1e+", "01", "--1", "1.2.3", "[1,]", "[,1]", "[1 2]",
            "{\"a\"}",
            "{\"a\":}", "{a:1}", "{\"a\":1,}", "]", "}", "[}", "{]", "\u{0}", "[\u{0}]", "NaN", "Infinity", "'a'",
        ])
    func grammar(text: String) {
        #expect(throws: JSONError.self) { try read(text) { cursor throws(JSONError) in try cursor.skipValue() } }
    }

    @Test("nesting is bounded, and deep text does not use up the stack")
    func depth() throws {
        let fits = String(repeating: "[", count: 63) + "0" + String(repeating: "]", count: 63)
        try read(fits) { cursor throws(JSONError) in try cursor.skipValue() }
        for open in ["[", "{\"a\":"] {
            let text = String(repeating: open, count: 1_000_000)
            #expect(throws: JSONError.self) { try read(text) { cursor throws(JSONError) in try cursor.skipValue() } }
        }
    }
}
