// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

// Our C is compiled with optimisation in debug builds too, so that a debug test run is not a hundred times slower.
let kernelSettings: [CSetting] = [.unsafeFlags(["-O2", "-fno-math-errno"])]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")

let package = Package(
    name: "plumb",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "plumb", targets: ["AnnotationServer"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // Leaves
        .systemLibrary(
            name: "CMarkGFM", pkgConfig: "libcmark-gfm",
            providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
        .target(name: "Kernels", cSettings: kernelSettings),
        .target(name: "JSON", swiftSettings: strict),
        .target(name: "SeededRandom", swiftSettings: strict),
        .target(name: "DemoWorld", dependencies: ["SeededRandom"], swiftSettings: strict),

        // Models and learning
        .target(
            name: "LanguageModel",
            dependencies: ["Kernels", "JSON", "SeededRandom", crypto, collections], swiftSettings: strict),
        .target(name: "Runs", dependencies: ["JSON", crypto], swiftSettings: strict),
        .target(
            name: "RewardModel",
            dependencies: ["LanguageModel", "Preferences", "Runs", "JSON", "SeededRandom"], swiftSettings: strict),
        .target(
            name: "Policy",
            dependencies: ["RewardModel", "LanguageModel", "Preferences", "Runs", "JSON", "SeededRandom"],
            swiftSettings: strict),
        .target(
            name: "ModelServer",
            dependencies: [
                "Policy", "LanguageModel", "JSON", "SeededRandom", hummingbird, httpTypes, nioCore, logging,
                serviceLifecycle,
            ],
            swiftSettings: strict),

        // People and labels
        .target(name: "Preferences", dependencies: ["JSON", "SeededRandom"], swiftSettings: strict),
        .target(
            name: "Labels", dependencies: ["Preferences", "JSON", "SeededRandom", grdb, crypto, cryptoExtras],
            swiftSettings: strict),
        .target(
            name: "Web",
            dependencies: [
                "CMarkGFM", "Labels", "Preferences", "JSON", hummingbird, mustache, httpTypes, nioCore, logging,
                serviceLifecycle,
                crypto,
            ],
            resources: [.embedInCode("Templates")], swiftSettings: strict),

        // The program that joins both sides
        .executableTarget(
            name: "AnnotationServer",
            dependencies: [
                "Web", "Labels", "Preferences", "Policy", "RewardModel", "LanguageModel", "ModelServer", "Runs",
                "DemoWorld", "JSON", "SeededRandom", argumentParser, hummingbird, logging, serviceLifecycle,
                unixSignals,
                asyncHTTPClient, nioCore, nioHTTP1, crypto,
            ],
            swiftSettings: strict),

        // Times the engine for scripts/bench; not part of what is installed
        .executableTarget(
            name: "EngineBenchmark",
            dependencies: ["Policy", "RewardModel", "LanguageModel", "SeededRandom", argumentParser],
            path: "Benchmarks/Engine", swiftSettings: strict),

        // Tests, one folder a module
        .testTarget(
            name: "LanguageModelTests", dependencies: ["LanguageModel", "JSON", "SeededRandom"],
            exclude: ["Fuzzing/FuzzMain.swift"], swiftSettings: strict),
        .testTarget(name: "DemoWorldTests", dependencies: ["DemoWorld", "SeededRandom"], swiftSettings: strict),
        .testTarget(name: "RunsTests", dependencies: ["Runs", "JSON"], swiftSettings: strict),
        .testTarget(
            name: "RewardModelTests",
            dependencies: ["RewardModel", "LanguageModel", "Preferences", "Runs", "JSON", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "PolicyTests",
            dependencies: ["Policy", "RewardModel", "LanguageModel", "Preferences", "Runs", "JSON", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "ModelServerTests",
            dependencies: [
                "ModelServer", "Policy", "LanguageModel", hummingbird, hummingbirdTesting, httpTypes, nioCore, logging,
            ],
            swiftSettings: strict),
        .testTarget(name: "PreferencesTests", dependencies: ["Preferences", "SeededRandom"], swiftSettings: strict),
        .testTarget(
            name: "LabelsTests", dependencies: ["Labels", "Preferences", "SeededRandom", grdb], swiftSettings: strict),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Web", "Labels", "Preferences", "JSON", hummingbird, hummingbirdTesting, httpTypes, nioCore, nioPosix,
                logging,
                crypto,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "AnnotationServerTests",
            dependencies: [
                "AnnotationServer", "Web", "Runs", "Labels", "Preferences", "LanguageModel", "RewardModel", "Policy",
                "JSON", "SeededRandom", logging, hummingbird, hummingbirdTesting, httpTypes, nioCore, asyncHTTPClient,
            ],
            swiftSettings: strict),
    ])

// libFuzzer's program, which `scripts/bench fuzz` alone builds: instrumented, and without the tests in whose folder it is.
if Context.environment["PLUMB_FUZZ"] == "1" {
    package.targets.removeAll { $0.type == .test }
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["LanguageModel"], path: "Tests/LanguageModelTests/Fuzzing",
            exclude: ["FuzzTests.swift"], swiftSettings: strict))
}
