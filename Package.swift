// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func product(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package)
}

let package = Package(
    name: "weir",
    products: [
        .executable(name: "weir", targets: ["weir"]),
        .executable(name: "loadgen", targets: ["loadgen"]),
        .library(name: "faultshim", type: .dynamic, targets: ["FaultShim"]),
        .executable(name: "storage-bench", targets: ["storage-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // C libraries.
        .systemLibrary(
            name: "CRocksDB", path: "Sources/CRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
        .systemLibrary(
            name: "CZstd", path: "Sources/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CCrypto", path: "Sources/CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CXXHash", path: "Sources/CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(
            name: "CSimdjsonLibrary", path: "Sources/CSimdjsonLibrary", pkgConfig: "simdjson",
            providers: [.apt(["libsimdjson-dev"])]),
        .target(
            name: "CSimdjson", dependencies: ["CSimdjsonLibrary"], path: "Sources/CSimdjson",
            cxxSettings: [.unsafeFlags(["-O3"])]),
        .systemLibrary(name: "CRE2", path: "Sources/CRE2", pkgConfig: "re2", providers: [.apt(["libre2-dev"])]),
        .systemLibrary(name: "CYAML", path: "Sources/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(
            name: "CUserAgents", dependencies: ["CRE2", "CYAML"], path: "Sources/CUserAgents",
            cxxSettings: [.unsafeFlags(["-O3"])]),
        .systemLibrary(
            name: "CMaxMindDB", path: "Sources/CMaxMindDB", pkgConfig: "libmaxminddb",
            providers: [.apt(["libmaxminddb-dev"])]),

        // The parts, from the bottom up.
        .target(
            name: "Compression", dependencies: ["CZstd", "CZlib"], path: "Sources/Compression", swiftSettings: strict),
        .target(name: "CRocksDBLog", dependencies: ["CRocksDB"], path: "Sources/CRocksDBLog"),
        .target(
            name: "RocksDB", dependencies: ["CRocksDB", "CRocksDBLog"], path: "Sources/RocksDB", swiftSettings: strict),
        .target(
            name: "Events", dependencies: ["CSimdjson", "CXXHash"], path: "Sources/Events", swiftSettings: strict),
        // Loops for processors with wide vectors, which Swift has no way to write.
        .target(name: "CVectors", path: "Sources/CVectors", cSettings: [.unsafeFlags(["-O3"])]),
        .target(
            name: "Storage",
            dependencies: ["CVectors", "Events", "RocksDB", "Compression", product("Logging", "swift-log")],
            path: "Storage", exclude: ["FORMAT.md"], swiftSettings: strict),
        .target(
            name: "Queries", dependencies: ["Storage", "Events"], path: "Queries", exclude: ["scripts"],
            swiftSettings: strict),
        .target(
            name: "Access", dependencies: ["CCrypto", "Events", "Storage"], path: "Sources/Access",
            exclude: ["THREATS.md"],
            swiftSettings: strict),
        .target(
            name: "Enrichment", dependencies: ["Events", "CUserAgents", "CMaxMindDB", product("Logging", "swift-log")],
            path: "Sources/Enrichment", swiftSettings: strict),
        .target(
            name: "Ingest",
            dependencies: [
                "Access", "Events", "Enrichment", "Storage", "Compression", product("Logging", "swift-log"),
                product("NIOCore", "swift-nio"), product("ServiceLifecycle", "swift-service-lifecycle"),
            ],
            path: "Sources/Ingest", swiftSettings: strict),
        // The dashboard and the beacon: HTML, CSS and JavaScript, put into the program by the C compiler.
        .target(name: "Dashboard", path: "Sources/Dashboard", exclude: ["site"]),
        .target(
            name: "WebAPI",
            dependencies: [
                "Access", "CLinux", "Dashboard", "Enrichment", "Events", "Ingest", "Queries", "Storage", "Compression",
                product("Hummingbird", "hummingbird"), product("HummingbirdCore", "hummingbird"),
                product("HTTPTypes", "swift-http-types"), product("NIOCore", "swift-nio"),
                product("NIOHTTP1", "swift-nio"), product("NIOHTTPTypes", "swift-nio-extras"),
                product("NIOHTTPTypesHTTP1", "swift-nio-extras"),
                product("NIOPosix", "swift-nio"), product("Logging", "swift-log"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
                product("UnixSignals", "swift-service-lifecycle"),
            ],
            path: "Sources/WebAPI", swiftSettings: strict),
        .target(
            name: "Client",
            dependencies: [
                "Compression", product("AsyncHTTPClient", "async-http-client"), product("Crypto", "swift-crypto"),
                product("NIOCore", "swift-nio"),
                product("NIOHTTP1", "swift-nio"),
            ],
            path: "Sources/Client", swiftSettings: strict),
        .executableTarget(
            name: "weir",
            dependencies: [
                "Access", "Client", "WebAPI", "Enrichment", "Ingest", "Queries", "Storage", "Events",
                product("ArgumentParser", "swift-argument-parser"),
                product("Configuration", "swift-configuration"), product("Logging", "swift-log"),
                product("NIOCore", "swift-nio"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
            ],
            path: "Sources/weir", swiftSettings: strict),

        // The load generator.
        .target(name: "LoadgenSystem", path: "Loadgen/System"),
        .target(
            name: "LoadgenCore",
            dependencies: [
                "Compression", "LoadgenSystem", product("NIOCore", "swift-nio"),
                product("Histogram", "hdrhistogram-swift"), product("Yams", "Yams"),
            ],
            path: "Loadgen/Core", swiftSettings: strict),
        .executableTarget(
            name: "loadgen",
            dependencies: ["LoadgenCore", product("ArgumentParser", "swift-argument-parser")],
            path: "Loadgen/Command", swiftSettings: strict),
        .executableTarget(
            name: "storage-bench",
            dependencies: [
                "LoadgenCore", "Storage", "Enrichment", "Events", product("ArgumentParser", "swift-argument-parser"),
                product("Logging", "swift-log"),
            ],
            path: "Loadgen/Storage", swiftSettings: strict),

        // Tests: what they share, then one target a module, then the whole from outside.
        .target(
            name: "TestSupport", dependencies: [], path: "Tests/Support", swiftSettings: strict),
        .testTarget(
            name: "CompressionTests", dependencies: ["Compression"], path: "Tests/CompressionTests",
            swiftSettings: strict),
        .testTarget(
            name: "RocksDBTests", dependencies: ["RocksDB", "TestSupport"], path: "Tests/RocksDBTests",
            swiftSettings: strict),
        .testTarget(
            name: "EventsTests", dependencies: ["Events", "TestSupport"], path: "Tests/EventsTests",
            swiftSettings: strict),
        .testTarget(
            name: "EnrichmentTests",
            dependencies: ["Enrichment", "Events", "TestSupport", product("Logging", "swift-log")],
            path: "Tests/EnrichmentTests", swiftSettings: strict),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Storage", "Events", "RocksDB", "Compression", "TestSupport", product("Logging", "swift-log"),
            ],
            path: "Tests/StorageTests", exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "QueriesTests",
            dependencies: [
                "Queries", "Storage", "Ingest", "Enrichment", "Events", "TestSupport",
                product("Logging", "swift-log"),
            ],
            path: "Tests/QueriesTests", swiftSettings: strict),
        .testTarget(
            name: "AccessTests",
            dependencies: [
                "Access", "Events", "RocksDB", "Storage", "TestSupport", product("Logging", "swift-log"),
            ],
            path: "Tests/AccessTests",
            swiftSettings: strict),
        .testTarget(
            name: "IngestTests",
            dependencies: [
                "Ingest", "Storage", "Enrichment", "Events", "TestSupport", product("Logging", "swift-log"),
            ],
            path: "Tests/IngestTests", swiftSettings: strict),
        .testTarget(
            name: "WebAPITests",
            dependencies: [
                "Access", "WebAPI", "Ingest", "Storage", "Queries", "Compression", "TestSupport",
                product("NIOCore", "swift-nio"), product("Logging", "swift-log"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
            ],
            path: "Tests/WebAPITests", swiftSettings: strict),
        .testTarget(
            name: "ClientTests", dependencies: ["Client", "TestSupport"], path: "Tests/ClientTests",
            swiftSettings: strict),
        .testTarget(
            name: "LoadgenTests",
            dependencies: [
                "LoadgenCore", "TestSupport", product("NIOCore", "swift-nio"), product("NIOPosix", "swift-nio"),
                product("NIOHTTP1", "swift-nio"), product("Histogram", "hdrhistogram-swift"),
            ],
            path: "Tests/LoadgenTests", swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests", dependencies: ["TestSupport"], path: "Tests/EndToEndTests", swiftSettings: strict),
        .testTarget(
            name: "BrowserTests", dependencies: ["TestSupport"], path: "Tests/BrowserTests", exclude: ["Scripts"],
            swiftSettings: strict),

        // Preloaded into the server by tests; nothing links it.
        .target(name: "FaultShim", path: "Tests/FaultShim"),
        .testTarget(
            name: "TortureTests",
            dependencies: [
                "TestSupport", "Storage", "Queries", "Events", "RocksDB", product("Logging", "swift-log"),
            ],
            path: "Tests/TortureTests", swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)
