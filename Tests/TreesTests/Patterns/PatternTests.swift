import Testing
import Trees

@Suite("path patterns")
struct PatternTests {
    private func path(_ text: String) -> [[UInt8]] { text.path }

    @Test(
        "match",
        arguments: [
            ("foo", "/foo"), ("foo", "/a/foo"), ("foo", "/a/foo/b"), ("foo/bar", "/x/foo/bar/y"), ("*.tmp", "/a/b.tmp"),
            ("*.tmp", "/a.tmp/b"), ("/foo", "/foo/bar"), ("/foo/", "/foo"), ("foo//bar/.", "/foo/bar"),
            ("a/../foo", "/foo"),
            ("?", "/ä"), ("?", "/\u{1F600}"), ("[a-c]x", "/bx"), ("[^a-c]x", "/dx"), ("[ä-ö]", "/é"), ("\\*", "/*"),
            ("[\\]]", "/]"),
            ("*a*b*", "/xaxbx"), ("*", "/anything"), ("a*", "/a"), ("/**/foo", "/foo"), ("/**/foo", "/a/b/foo"),
            ("/a/**", "/a/b"),
            ("/a/**/b", "/a/b"), ("/a/**/b", "/a/x/y/b/z"), ("**/b", "/a/b"), ("/foo/*", "/foo/bar/baz"),
            ("*/foo", "/foo"),
            ("/a/**/c/**/e", "/a/b/c/d/e"), ("/foo/**", "/foo"), ("a/**/b/**/c", "/a/x/b/c"), ("a/**/b/**/c", "/a/b/c"),
        ])
    func matching(pattern: String, path text: String) throws {
        #expect(try PathPattern(pattern).matches(path(text)))
    }

    @Test(
        "do not match",
        arguments: [
            ("foo", "/Foo"), ("foo", "/foobar"), ("/foo", "/a/foo"), ("foo/bar", "/foo/x/bar"), ("*.tmp", "/a.tmpx"),
            ("?", "/ab"),
            ("?", "/"), ("[a-c]", "/d"), ("[^a-c]", "/a"), ("[c-a]", "/b"), ("\\*", "/a"), ("a?c", "/ac"),
            ("*a*b*", "/xbxa"),
            ("/a/**/b", "/a"), ("/foo/*", "/foo"), ("/*/foo", "/foo"), ("/**/foo/**", "/foo"),
            ("[!a]", "/b"), ("/", "/a"), ("a b", "/a/b"), (".", "/a"),
        ])
    func notMatching(pattern: String, path text: String) throws {
        #expect(try !PathPattern(pattern).matches(path(text)))
    }

    @Test(
        "malformed patterns are refused",
        arguments: ["[", "[]", "[a", "[a-", "[a-]", "[^]", "a\\", "[\\", "x/[/y", "", "!", "[-a]"])
    func malformed(pattern: String) {
        let error = #expect(throws: TreeError.self) { try PathPattern(pattern) }
        #expect(error?.code == .malformedPattern)
    }

    @Test("names that are not UTF-8 are matched byte by byte")
    func rawNames() throws {
        #expect(try PathPattern([0x61, 0xFF]).matches([[0x61, 0xFF]]))
        #expect(try PathPattern("a?").matches([[0x61, 0xFF]]))
        #expect(try PathPattern("*b").matches([[0xFF, 0xFE, 0x62]]))
        #expect(try !PathPattern("a?").matches([[0x61, 0xFF, 0xFE]]))
    }

    @Test(
        "a directory is entered when something below may match",
        arguments: [
            ("/a/b/c", "/a", true), ("/a/b/c", "/a/b", true), ("/a/b/c", "/x", false), ("/a/b/c", "/a/b/c/d", true),
            ("foo", "/x", true),
            ("/a/**/c", "/a/x/y", true), ("/a/**/c", "/b", false), ("/*/c", "/b", true), ("/*/c", "/b/x", false),
            ("/a*/c", "/b", false),
        ])
    func children(pattern: String, path text: String, expected: Bool) throws {
        #expect(try PathPattern(pattern).childMayMatch(path(text)) == expected)
    }

    @Test(
        "a later pattern with ! takes back what earlier ones matched",
        arguments: [
            ("/foo/bar/keep", false, false), ("/foo/bar/x", true, true), ("/foo/bar", true, true),
            ("/other", false, false),
            ("/foo", true, true),
        ])
    func negation(path text: String, matches: Bool, childMayMatch: Bool) throws {
        let list = try PatternList(["/foo", "!/foo/bar/keep"])
        #expect(list.matches(path(text)) == matches)
        #expect(list.verdict(path(text)) == PatternList.Verdict(matches: matches, childMayMatch: childMayMatch))
    }

    @Test("order counts: what is matched again after ! is matched")
    func order() throws {
        let list = try PatternList(["*.c", "!main.c", "/old/*"])
        #expect(!list.matches(path("/src/main.c")))
        #expect(list.matches(path("/old/main.c")))
        #expect(list.matches(path("/src/x.c")))
        #expect(!PatternList().matches(path("/a")))
        #expect(try PatternList(["/foo/bar/*", "!/foo/bar/[a-m]*"]).verdict(path("/foo")).childMayMatch)
    }

    @Test("files hold a pattern per line, comments, blank lines and variables")
    func files() throws {
        let text =
            "\u{FEFF}# comment\r\n\r\n  /a b/*  \n\t#x\n$HOME/cache\n${NAME}.tmp\n\\#real\na$$b\n$.x\n$1y\n${}z\n${open\n$NONE\n"
        let variables = ["HOME": "/root", "NAME": "n"]
        let list = try PatternList(fileText: Array(text.utf8)) { variables[$0] }
        let patterns = list.patterns.map { String(decoding: $0.text, as: UTF8.self) }
        #expect(patterns == ["/a b/*", "/root/cache", "n.tmp", "\\#real", "a$b", "$.x", "y", "z", "open"])
        #expect(list.matches(path("/root/cache/x")))
        #expect(list.matches(path("/#real")))
        let error = #expect(throws: TreeError.self) { try PatternList(fileText: Array("a\n\n[x\n".utf8)) }
        #expect(error?.message.hasPrefix("line 3: ") == true)
    }

    @Test("paths are cleaned by text alone")
    func cleaning() {
        func clean(_ text: String) -> String {
            RawPath.clean(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "|")
        }
        #expect(clean("/a//b/./c/../d/") == "a|b|d")
        #expect(clean("/../..") == "")
        #expect(clean("../../a/..") == "..|..")
        #expect(RawPath.absolute([]) == [0x2F])
    }
}
