import Testing

@testable import DataSources

@Suite("Passwords in statements of the log")
struct StatementSecretsTests {
    @Test(
        "are not shown, whole, cut off, or with quotes in them; other statements are as they were",
        arguments: [
            (
                "CREATE USER 'a'@'%' IDENTIFIED BY 'se''cr\\'et' REQUIRE SSL",
                "CREATE USER 'a'@'%' IDENTIFIED BY '***' REQUIRE SSL"
            ),
            (
                "alter user a identified via ed25519 using password(\"x'y\")",
                "alter user a identified via ed25519 using password('***')"
            ),
            ("SET PASSWORD FOR 'a'@'b' = 'cut of", "SET PASSWORD FOR '***'@'***' = '***'"),
            ("DROP TABLE `it's`", "DROP TABLE `it's`"),
            ("CREATE TABLE t (c INT COMMENT 'ü')", "CREATE TABLE t (c INT COMMENT 'ü')"),
        ])
    func hidden(text: String, shown: String) {
        #expect(StatementSecrets.hidden(in: text) == shown)
    }
}
