// swift-tools-version: 6.2
import PackageDescription

// A module may import only what stands on a lower floor (docs/architecture.md); the target graph below is the fence.

/// Every target: Swift 6, no warning passes.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Targets that touch pointers: each unsafe expression is marked. Their loops run over every byte of a backup, so they are
/// optimised in debug builds too; without that the tests that back up real trees would take minutes.
let engine: [SwiftSetting] =
    common + [.strictMemorySafety(), .unsafeFlags(["-O"], .when(configuration: .debug))]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "lifeboat",
    products: [.executable(name: "lifeboat", targets: ["lifeboat"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Floor 0: system libraries and the smallest shims.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        .systemLibrary(
            name: "CCmark", pkgConfig: "libcmark-gfm",
            providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),

        // Floor 1: pure.
        .target(name: "Sealing", dependencies: ["COpenSSL", "CZstd"], swiftSettings: engine),
        .target(name: "Chunking", dependencies: [], swiftSettings: engine),
        .target(name: "Retention", dependencies: [], swiftSettings: common),

        .target(name: "Settings", dependencies: [yams], swiftSettings: common),

        // Floor 2.
        .target(name: "ObjectStore", dependencies: ["CCurl", "CLinux", "Sealing"], swiftSettings: engine),
        .target(name: "Trees", dependencies: ["CLinux", "Sealing", "Chunking"], swiftSettings: engine),

        // Floor 3.
        .target(
            name: "Repository", dependencies: ["ObjectStore", "Trees", "Sealing", "Chunking", "Retention"],
            swiftSettings: engine),
        .target(
            name: "DataSources",
            dependencies: [
                "Trees", "ObjectStore", "Chunking", "Sealing", "Settings", "CLinux", grdb, subprocess, systemPackage,
            ],
            swiftSettings: common),
        .target(name: "Ledger", dependencies: ["ObjectStore", "Sealing"], swiftSettings: common),
        .target(name: "Journal", dependencies: ["ObjectStore", "Sealing"], swiftSettings: common),

        // Floor 4.
        .target(
            name: "Recovery",
            dependencies: [
                "Repository", "DataSources", "Ledger", "Journal", "Trees", "ObjectStore", "Sealing", "Chunking",
                "Retention", "Settings", "CLinux",
            ],
            swiftSettings: common),

        // Floor 5.
        .target(
            name: "Runbooks", dependencies: ["CCmark", "Settings", "Sealing"],
            swiftSettings: common + [.strictMemorySafety()]),
        .target(
            name: "Drills",
            dependencies: ["Runbooks", "Recovery", "DataSources", "Settings", "Sealing", "ObjectStore", "Trees"],
            swiftSettings: common),

        // Floor 6.
        .target(
            name: "Configuration",
            dependencies: [
                "Settings", "DataSources", "Drills", "Recovery", "Retention", "ObjectStore", "Sealing", "Runbooks",
            ],
            swiftSettings: common),

        .target(
            name: "Catalog",
            dependencies: ["Drills", "Recovery", "Ledger", "DataSources", "ObjectStore", "Trees", grdb],
            swiftSettings: common),

        // Floors 9 and 10.
        .target(
            name: "LifeboatCommands",
            dependencies: [
                "Configuration", "Catalog", "Drills", "Runbooks", "Recovery", "Ledger", "Journal", "Settings",
                "Repository", "DataSources", "Trees",
                "ObjectStore",
                "Sealing", "Retention", "Chunking", "CLinux", argumentParser, subprocess, systemPackage,
            ],
            swiftSettings: common),
        .executableTarget(name: "lifeboat", dependencies: ["LifeboatCommands", argumentParser], swiftSettings: common),

        // What several test targets share: temporary folders, real servers, random trees, comparing trees.
        .target(
            name: "TestSupport", dependencies: ["CLinux", "ObjectStore", subprocess], path: "Tests/TestSupport",
            swiftSettings: common),
        .testTarget(
            name: "SealingTests", dependencies: ["Sealing", "TestSupport"], exclude: ["Vectors"], swiftSettings: common),
        .testTarget(
            name: "ChunkingTests", dependencies: ["Chunking", "Sealing", "TestSupport"], exclude: ["Vectors"],
            swiftSettings: common),
        .testTarget(name: "RetentionTests", dependencies: ["Retention", "TestSupport"], swiftSettings: common),
        .testTarget(
            name: "ObjectStoreTests", dependencies: ["ObjectStore", "TestSupport"], exclude: ["Vectors"],
            swiftSettings: common),
        .testTarget(
            name: "TreesTests", dependencies: ["Trees", "TestSupport"], exclude: ["Vectors"], swiftSettings: common),
        .testTarget(
            name: "RepositoryTests", dependencies: ["Repository", "TestSupport"], exclude: ["Vectors"],
            swiftSettings: common),
        .testTarget(name: "SettingsTests", dependencies: ["Settings", "TestSupport"], swiftSettings: common),
        .testTarget(
            name: "DataSourcesTests",
            dependencies: [
                "DataSources", "Repository", "Trees", "ObjectStore", "Sealing", "Chunking", "TestSupport", grdb,
            ],
            swiftSettings: common),
        .testTarget(
            name: "LedgerTests", dependencies: ["Ledger", "Repository", "ObjectStore", "Sealing", "TestSupport"],
            swiftSettings: common),
        .testTarget(
            name: "JournalTests", dependencies: ["Journal", "ObjectStore", "Sealing", "TestSupport"],
            swiftSettings: common),
        .testTarget(
            name: "RecoveryTests",
            dependencies: [
                "Recovery", "DataSources", "Repository", "Ledger", "Journal", "Trees", "ObjectStore", "Sealing",
                "Chunking",
                "Retention", "TestSupport",
            ], swiftSettings: common),
        .testTarget(
            name: "RunbooksTests", dependencies: ["Runbooks", "Sealing", "TestSupport"], swiftSettings: common),
        .testTarget(
            name: "DrillsTests",
            dependencies: ["Drills", "Runbooks", "ObjectStore", "Sealing", "Settings", "TestSupport"],
            swiftSettings: common),
        .testTarget(
            name: "CatalogTests",
            dependencies: [
                "Catalog", "Drills", "Runbooks", "Recovery", "Ledger", "ObjectStore", "Sealing", "TestSupport", grdb,
            ],
            swiftSettings: common),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration", "Runbooks", "Settings", "TestSupport"],
            swiftSettings: common),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "lifeboat", "LifeboatCommands", "Drills", "Runbooks", "Ledger", "Recovery", "DataSources", "Repository",
                "Trees", "ObjectStore", "Sealing", "TestSupport", grdb,
                argumentParser, subprocess,
            ],
            swiftSettings: common),
    ]
)
