import Glibc
import TestSupport

/// Databases with everything that could confuse whoever takes a dump apart, and all kinds of things a server holds.
enum HostileData {
    static let sql = """
        SET NAMES utf8mb4, sql_mode = '';
        CREATE DATABASE app CHARACTER SET utf8mb4; USE app;
        CREATE TABLE parent (id INT PRIMARY KEY, t LONGTEXT, b LONGBLOB, f FLOAT, d DATE, ts TIMESTAMP(6) NULL,
          twice INT AS (id * 2) STORED, thrice INT AS (id * 3) VIRTUAL, bits BIT(9), j JSON, e ENUM('a','''','\\\\') );
        INSERT INTO parent (id, t, b, f, d, ts, bits, j, e) VALUES
          (1, 'x\\n--\\n-- Table structure for table `parent`\\n--\\n\\nDROP TABLE `parent`;', x'00FF0A27', 1.1,
            '0000-00-00', '2026-01-01 00:00:00.000001', b'101', '{"a":1}', 'a'),
          (2, NULL, '', NULL, '2026-00-00', NULL, NULL, NULL, ''''),
          (3, '', NULL, -0.0, NULL, NULL, b'0', '[]', '\\\\'),
          (4, 'quote '' and \\\\'' and ); INSERT INTO `parent` VALUES (9),(8);\\r\\nDELIMITER ;;', REPEAT('z', 70000), 3e38,
            '1000-01-01', NULL, NULL, NULL, NULL),
          (5, '😀 \\0 \\Z -- Dump completed', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        CREATE TABLE child (id INT PRIMARY KEY AUTO_INCREMENT, parent INT, n INT DEFAULT 0, KEY (parent),
          FOREIGN KEY (parent) REFERENCES parent (id));
        INSERT INTO child (parent) VALUES (1), (2), (NULL);
        CREATE TABLE keyless (a INT, b VARCHAR(10) CHARACTER SET latin1); INSERT INTO keyless VALUES (1, 'é'), (1, 'é'), (NULL, '');
        CREATE TABLE empty_one (a INT PRIMARY KEY) COMMENT 'it''s; -- `odd` /* not a comment';
        CREATE TABLE versioned (a INT PRIMARY KEY) WITH SYSTEM VERSIONING;
        INSERT INTO versioned VALUES (1); UPDATE versioned SET a = 2;
        CREATE TABLE log (what TEXT);
        CREATE SEQUENCE numbers; SELECT NEXTVAL(numbers);

        """
    /// Bodies need the client's DELIMITER, so they come apart.
    static let bodies = """
        USE app
        DELIMITER ;;
        CREATE PROCEDURE hostile() COMMENT 'don''t; -- `'
        BEGIN
          -- don't take this "for a string
          # nor `this
          /* ' ;
          */
          SELECT '
        --
        -- Table structure for table `child`
        --

        DROP TABLE `child`;
        DELIMITER ;
        ', ";", `id` FROM parent;
        END;;
        CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;;
        CREATE TRIGGER counts AFTER INSERT ON child FOR EACH ROW
        BEGIN
          /* a '
             comment */
          INSERT INTO log VALUES (';;'), ('-- Dumping data for table `log`');
        END;;
        CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO
        BEGIN
          SELECT '
        --
        -- Dumping routines for database ''app''
        --
        ';
        END;;
        DELIMITER ;
        CREATE VIEW below AS SELECT id, t FROM parent WHERE one() = 1;
        CREATE VIEW above AS SELECT id, ';; -- `' AS x FROM below;
        SET sql_mode = 'NO_BACKSLASH_ESCAPES';
        CREATE FUNCTION slash() RETURNS VARCHAR(10) DETERMINISTIC RETURN 'a\\';
        SET sql_mode = '';
        CREATE DATABASE `empty`;
        """
    /// Odd names: quotes, slashes, dots, line feeds that try to forge a heading, and a key into another database.
    static let odd = """
        SET NAMES utf8mb4; CREATE DATABASE `o/d %'" ü`; USE `o/d %'" ü`;
        CREATE TABLE `t``b
        --
        -- Dumping events for database 'x` (id INT PRIMARY KEY); INSERT INTO `t``b
        --
        -- Dumping events for database 'x` VALUES (1), (2);
        CREATE TABLE `../../etc` (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES app.parent (id));
        INSERT INTO `../../etc` VALUES (1);
        CREATE TABLE `schema` (`VALUES` INT PRIMARY KEY, `(` INT); INSERT INTO `schema` VALUES (1, 2), (3, 4);
        CREATE TABLE `ünï` (id INT PRIMARY KEY); CREATE TABLE `.` (id INT PRIMARY KEY);
        """
}

extension HostileData {
    static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { throw SystemError("open \(path)") }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw SystemError("write \(path)") }
    }
}
