import Configuration
import Settings
import Testing

/// What no part of the file can know alone.
@Suite("Configuration, cross-checked")
struct CrossCheckTests {
    private let files = "f: {kind: files, paths: [/srv]}\n"

    @Test("a plan names a source or store that there is not")
    func unknownNames() {
        let text = Files.text(
            sources: files + "database: {kind: sqlite, file: /x}",
            plans: "p: {store: disc, sources: [f, databse]}\nq: {store: offsite, sources: [database]}")
        #expect(
            Files.problems(text) == [
                "l.yaml:8:14: plans.p.store: there is no store \"disc\"", "hint:  did you mean `disk`?",
                "l.yaml:8:33: plans.p.sources[1]: there is no source \"databse\"", "hint:  did you mean `database`?",
                "l.yaml:9:14: plans.q.store: there is no store \"offsite\"", "hint:  there are: disk",
            ])
    }

    @Test("a plan names a source twice")
    func twice() {
        #expect(
            Files.problems(Files.text(sources: files, plans: "p: {store: disk, sources: [f, f]}")) == [
                "l.yaml:7:33: plans.p.sources[1]: names f a second time", "hint:  keep one of them",
            ])
    }

    @Test("a hook that is never run is warned of, and is well where something comes first")
    func idleHook() throws {
        let hook = "degraded: start"
        let warned = try Files.read(Files.text(sources: files, head: hook)).warnings
        #expect(warned.map(\.text) == ["l.yaml:2:11: degraded: is never run, since no source comes first"])
        for first in ["restore-class: first", "restore-first: [\"*.thumb\"]"] {
            let text = Files.text(sources: "f: {kind: files, paths: [/srv], \(first)}", head: hook)
            #expect(try Files.read(text).warnings.isEmpty, "\(first)")
        }
        let file = try Files.read(Files.text(sources: "f: {kind: files, paths: [/srv], restore-class: first}"))
        #expect(file.warnings.isEmpty)
        #expect(file.effective["sources"]?["f"]?["restore-class"] == "first")
    }

    @Test("a pattern of what comes first that cannot be read is refused when the file is")
    func malformedPattern() {
        let problems = Files.problems(
            Files.text(sources: "f: {kind: files, paths: [/srv], restore-first: [a, \"[b\"]}"))
        #expect(problems.count == 2 && problems[0].contains("sources.f.restore-first[1]: "), "\(problems)")
    }

    @Test("a cache is not backed up")
    func cache() {
        let text = Files.text(
            sources: files + "c: {kind: redis, role: cache}", plans: "p: {store: disk, sources: [f, c]}")
        #expect(
            Files.problems(text) == [
                "l.yaml:8:33: plans.p.sources[1]: c is a Redis with the role cache, which is not backed up: it starts "
                    + "empty",
                "hint:  leave it out of the plan, or give it the role sessions, queue or store",
            ])
    }

    @Test(
        "rows are compared with the files of a source of kind files",
        arguments: [
            (
                "files: g, root: /srv/a", "files: there is no source \"g\"", "there are: f"
            ),
            (
                "files: d, root: /srv/a", "files: d is a source of kind sqlite, not files",
                "name the source that holds the files which the rows refer to"
            ),
            ("files: f, root: /srv2", "root: is not within the paths of source f", "they are /srv"),
        ])
    func reconcile(keys: String, problem: String, hint: String) {
        let text = Files.text(
            sources: files + "d: {kind: sqlite, file: /x, reconcile: {query: Q, \(keys)}}",
            plans: "p: {store: disk, sources: [f, d]}")
        let problems = Files.problems(text)
        #expect(problems.count == 2 && problems[0].hasSuffix("sources.d.reconcile.\(problem)"), "\(problems)")
        #expect(problems.last == "hint:  \(hint)")
    }

    @Test("a store outside the allowed countries is refused, and so is one that says nothing")
    func residency() {
        let text = """
            service: s
            allowed-countries: [IS, FI]
            stores:
              a: {repository: /a, password: {env: P}, country: DE}
              b: {repository: /b, password: {env: P}}
              c: {repository: /c, password: {env: P}, country: FI}
              d: {repository: /d, password: {env: P}, country: Iceland}
            sources: {f: {kind: files, paths: [/srv]}}
            """
        #expect(
            Files.problems(text) == [
                "l.yaml:4:52: stores.a.country: DE is not among allowed-countries (IS, FI)",
                "hint:  choose another store, or allow the country",
                "l.yaml:5:3: stores.b.country: is missing, and allowed-countries asks for it",
                "hint:  say where the store's machines are, such as `country: IS`",
                "l.yaml:7:52: stores.d.country: is no country",
                "hint:  write the two capital letters of ISO 3166: DE, IS, NL",
            ])
    }

    @Test(
        "a store is what its address says",
        arguments: [
            ("repository: srv", "repository: the directory is no absolute path"),
            ("repository: \"sftp:h:/x\"", "repository: the store address has the unknown scheme sftp"),
            ("repository: \"s3:key:hunter2@h/b\"", "repository: the address holds credentials"),
            ("repository: /srv, region: r", "region: is for S3 stores, and this one is a directory"),
            ("repository: \"s3:h/b\", secret-key: {env: S}", "secret-key: needs `access-key` beside it"),
        ])
    func stores(keys: String, problem: String) {
        let problems = Files.problems(
            "service: s\nstores: {a: {password: {env: P}, \(keys)}}\nsources: {f: {kind: files, paths: [/srv]}}")
        #expect(problems.first?.hasSuffix("stores.a.\(problem)") == true, "\(problems)")
        #expect(!problems.joined().contains("hunter2"))
    }

    @Test(
        "keys that exclude each other, or belong to another kind",
        arguments: [
            ("kind: mariadb, socket: /s, port: 1", "socket: is given beside port"),
            ("kind: sqlite, file: /x, pins: {}", "pins: unknown key"),
            ("kind: redis, assertions: []", "assertions: unknown key"),
            ("kind: sqlite, file: /x, journal: true", "journal: unknown key"),
            ("kind: postgresql, journal: {server-id: 1}", "journal.server-id: unknown key"),
            ("kind: mariadb, journal: yes", "journal: is \"yes\", not `true`, `false` or a group of keys"),
            ("kind: mariadb, journal: {segment: 1K}", "journal.segment: is not between 64K and 16M"),
            ("kind: mariadb, journal: {spool-limit: 1M}", "journal.spool-limit: has no room for 16 segments"),
            ("kind: files, paths: []", "paths: is empty"),
            ("kind: files, paths: [/srv, srv]", "paths[1]: is \"srv\", not an absolute path"),
            ("kind: mysql", "kind: is \"mysql\", not one of files, mariadb, postgresql, redis, sqlite"),
        ])
    func sources(keys: String, problem: String) {
        let problems = Files.problems(Files.text(sources: "f: {\(keys)}"))
        #expect(problems.first?.hasSuffix("sources.f.\(problem)") == true, "\(problems)")
    }

    @Test("retention that keeps nothing is refused")
    func retention() {
        let problems = Files.problems(
            Files.text(sources: files, plans: "p: {store: disk, sources: [f], keep: {last: 0}}"))
        #expect(problems.first == "l.yaml:7:40: plans.p.keep: has no rule that keeps anything")
    }

    @Test("what follows from one mistake is not told as another")
    func noCascade() {
        let text = Files.text(
            sources: "f: {kind: fils}\nd: {kind: sqlite, file: /x, reconcile: {query: Q, files: f, root: /r}}",
            plans: "p: {store: [disk], sources: [f, 5, d], schedule: 1 2 3, keep: {daily: x}}")
        let problems = Files.problems(text).filter { !$0.hasPrefix("hint") }
        #expect(
            problems.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
                "l.yaml:5:13: sources.f.kind:", "l.yaml:8:14: plans.p.store:", "l.yaml:8:35: plans.p.sources[1]:",
                "l.yaml:8:52: plans.p.schedule:", "l.yaml:8:73: plans.p.keep.daily:",
            ], "\(problems)")
    }

    @Test("what is missing as a whole is told once", arguments: ["stores", "sources"])
    func wholesale(section: String) {
        let text = Files.text(sources: files).split(separator: "\n").map { line in
            line.hasPrefix(section)
                ? "\(section): [1]" : line.contains("kind: files") && section == "sources" ? "" : line
        }
        let problems = Files.problems(text.joined(separator: "\n"))
        #expect(
            problems.count == 1 && problems[0].hasSuffix("\(section): is a list, not a group of names"), "\(problems)")
    }
}
