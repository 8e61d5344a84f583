// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target in the package compiles with exactly these settings.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    // Overlapping accesses are looked for where the tests run; in a release they cost a tenth of a request.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Every program's linker settings.
///
/// With mimalloc instead of glibc's allocator a request costs a tenth less, and an idle connection a quarter less memory.
/// Relocations that are packed make each program 2 MB smaller; of Swift's linkers, lld knows how.
let linking: [LinkerSetting] = [
    .linkedLibrary("mimalloc"),
    .unsafeFlags(
        ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
        .when(platforms: [.linux], configuration: .release)
    ),
]

/// A C library from Debian; exactly one Swift target imports it.
func cLibrary(_ name: String, pkgConfig: String? = nil, apt: String...) -> Target {
    .systemLibrary(name: name, path: "Shared/\(name)", pkgConfig: pkgConfig, providers: [.apt(apt)])
}

func library(_ name: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Shared/\(name)", swiftSettings: settings)
}

/// A service is a library with all of its behaviour, and an executable that only starts it.
func service(
    _ folder: String,
    executable: String,
    uses dependencies: [Target.Dependency] = [],
    resources: [Resource] = []
) -> [Target] {
    let base: [Target.Dependency] = [
        "Configuration", "Contracts", "EventLoop", "HTTP", "JSON", "JSONRPC", "JSONRPCTransport", "Lifecycle",
        "Observability", "TLS",
    ]
    return [
        .target(
            name: "\(folder)Service",
            dependencies: base + dependencies,
            path: "Services/\(folder)",
            exclude: ["Main"],
            resources: resources,
            swiftSettings: settings
        ),
        .executableTarget(
            name: executable,
            dependencies: base + dependencies + [.target(name: "\(folder)Service")],
            path: "Services/\(folder)/Main",
            swiftSettings: settings,
            linkerSettings: linking
        ),
    ]
}

func tests(_ name: String, of target: String? = nil, uses dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: target ?? name)] + dependencies,
        path: "Tests/\(name)Tests",
        swiftSettings: settings
    )
}

/// One executable a subject, which runs its peer beside it.
func benchmark(
    _ name: String,
    _ folder: String,
    uses dependencies: [Target.Dependency],
    exclude: [String] = []
) -> Target {
    .executableTarget(
        name: "bench-\(name)",
        dependencies: dependencies,
        path: "Benchmarks/\(folder)",
        exclude: exclude,
        swiftSettings: settings,
        linkerSettings: linking
    )
}

// The house, from the ground up: a target uses only what stands above it.
let shared: [Target] = [
    .target(name: "CLinux", path: "Shared/CLinux", cSettings: [.define("_GNU_SOURCE")]),
    cLibrary("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
    cLibrary("CNghttp2", pkgConfig: "libnghttp2", apt: "libnghttp2-dev"),
    cLibrary("CWslay", apt: "libwslay-dev"),
    cLibrary("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
    cLibrary("CPostgres", pkgConfig: "libpq", apt: "libpq-dev"),
    cLibrary("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    cLibrary("CAres", pkgConfig: "libcares", apt: "libc-ares-dev"),
    cLibrary("CPCRE2", pkgConfig: "libpcre2-8", apt: "libpcre2-dev"),
    cLibrary("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
    cLibrary("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    cLibrary("CSnappy", apt: "libsnappy-dev"),
    cLibrary("CArgon2", pkgConfig: "libargon2", apt: "libargon2-dev"),
    cLibrary("CSodium", pkgConfig: "libsodium", apt: "libsodium-dev"),
    cLibrary("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
    library("Configuration"),
    library("CSV"),
    library("EventLoop", uses: ["CLinux"]),
    library("JSON"),
    library("YAML", uses: ["CYAML", "JSON"]),
    library("Packing", uses: ["CSnappy", "CZlib", "CZstd"]),
    library("Observability", uses: ["CLinux", "JSON"]),
    library("Lifecycle", uses: ["EventLoop", "Observability"]),
    library("TLS", uses: ["COpenSSL", "CSodium"]),
    library("HTTP", uses: ["CNghttp2", "CWslay", "EventLoop", "Observability", "TLS"]),
    library("JSONRPC", uses: ["JSON", "Observability"]),
    library(
        "JSONRPCTransport",
        uses: ["Configuration", "EventLoop", "HTTP", "JSON", "JSONRPC", "Lifecycle", "Observability", "TLS"]
    ),
    library("Contracts", uses: ["JSON", "JSONRPC", "Observability"]),
    library(
        "Tokens",
        uses: ["Contracts", "JSON", "JSONRPC", "JSONRPCTransport", "Lifecycle", "Observability", "TLS"]
    ),
    library("Database", uses: ["CLinux", "CPostgres", "CSQLite", "Configuration"]),
    library("DatabaseCalls", uses: ["Contracts", "Database", "JSON", "JSONRPC"]),
    library("Leadership", uses: ["Database", "Lifecycle", "Observability"]),
    library(
        "Kubernetes",
        uses: ["Configuration", "EventLoop", "HTTP", "JSON", "Lifecycle", "Observability", "TLS"]
    ),
    library("Egress", uses: ["CAres", "CCurl", "EventLoop", "HTTP", "TLS"]),
    library("Statistics", uses: ["Packing"]),
    library("Patterns", uses: ["CPCRE2"]),
    library("Simulation", uses: ["CLinux", "EventLoop", "JSON", "Observability", "Statistics", "TLS"]),
    library(
        "Probing",
        uses: [
            "CLinux", "Contracts", "Egress", "EventLoop", "JSON", "Patterns", "Simulation", "Statistics", "TLS",
        ]
    ),
]

let services: [Target] =
    service(
        "Orchestrator",
        executable: "orchestrator",
        uses: ["Database", "DatabaseCalls", "Kubernetes", "Leadership", "Patterns", "Tokens"]
    )
    + service(
        "Store",
        executable: "store",
        uses: ["CSV", "Database", "DatabaseCalls", "Egress", "Packing", "Statistics", "Tokens"]
    )
    + service(
        "Alerting",
        executable: "alerting",
        uses: ["Database", "DatabaseCalls", "Egress", "Leadership", "Tokens"]
    )
    + service("Push", executable: "push", uses: ["Tokens"])
    + service(
        "Gateway",
        executable: "gateway",
        uses: ["CArgon2", "Database", "DatabaseCalls", "Egress", "Packing", "Tokens"],
        resources: [.copy("Dashboard")]
    )
    + service("ProbeAgent", executable: "probe-agent", uses: ["Egress", "Probing"])
    + service(
        "CLI",
        executable: "sonde",
        uses: ["CLinux", "CSV", "Egress", "Kubernetes", "Probing", "Simulation", "YAML"]
    )

let suites: [Target] = [
    .testTarget(name: "TidyTests", path: "Tests/TidyTests", swiftSettings: settings),
    tests("Simulation", uses: ["Contracts", "Egress", "EventLoop", "JSON", "Observability", "Probing", "TLS"]),
    tests("EventLoop"),
    tests("TLS", uses: ["JSON", "ServiceTesting"]),
    tests("JSONRPCTransport", uses: ["EventLoop", "JSON", "JSONRPC", "Observability", "TLS"]),
    tests(
        "Mesh",
        of: "CLIService",
        uses: [
            "CSV", "Contracts", "EventLoop", "JSON", "JSONRPC", "Kubernetes", "ServiceTesting", "TLS", "TestServers",
            "YAML",
        ]
    ),
    tests("HTTP", uses: ["EventLoop", "Lifecycle", "Observability"]),
    tests("JSONRPC", uses: ["JSON", "Observability"]),
    tests("Contracts", uses: ["JSON", "JSONRPC", "Observability"]),
    tests("Configuration"),
    tests("CSV"),
    tests("Lifecycle", uses: ["EventLoop", "Observability"]),
    tests("Observability", uses: ["Configuration", "JSON"]),
    tests(
        "Tokens",
        uses: ["Contracts", "JSON", "JSONRPC", "Lifecycle", "Observability", "ServiceTesting", "TLS"]
    ),
    tests("Database", uses: ["Configuration", "TestServers"]),
    tests(
        "Leadership",
        uses: ["Database", "EventLoop", "Lifecycle", "Observability", "ServiceTesting", "TestServers"]
    ),
    tests("JSON"),
    tests("YAML", uses: ["JSON"]),
    tests("Packing"),
    tests("Statistics"),
    tests("Patterns"),
    .target(
        name: "ServiceTesting",
        dependencies: [
            "Contracts", "Database", "EventLoop", "HTTP", "JSON", "JSONRPC", "Lifecycle", "Observability",
            "TestServers",
        ],
        path: "Tests/ServiceTesting",
        swiftSettings: settings
    ),
    tests(
        "StoreService",
        uses: [
            "Configuration", "Contracts", "Database", "Egress", "EventLoop", "HTTP", "JSON", "JSONRPC",
            "JSONRPCTransport", "Lifecycle", "Observability", "Packing", "ServiceTesting", "Statistics", "TLS",
            "TestServers",
        ]
    ),
    tests(
        "GatewayService",
        uses: [
            "Configuration", "Contracts", "Database", "DatabaseCalls", "EventLoop", "HTTP", "JSON", "JSONRPC",
            "JSONRPCTransport", "Lifecycle", "Observability", "ServiceTesting", "TLS", "TestServers", "Tokens",
        ]
    ),
    tests(
        "PushService",
        uses: [
            "Contracts", "EventLoop", "HTTP", "JSON", "JSONRPC", "Lifecycle", "Observability", "ServiceTesting", "TLS",
            "Tokens",
        ]
    ),
    tests(
        "OrchestratorService",
        uses: [
            "Configuration", "Contracts", "Database", "EventLoop", "JSON", "JSONRPC", "Kubernetes", "Lifecycle",
            "Observability", "ServiceTesting", "TLS", "TestServers",
        ]
    ),
    tests(
        "AlertingService",
        uses: [
            "Configuration", "Contracts", "Database", "Egress", "EventLoop", "JSON", "JSONRPC", "Lifecycle",
            "Observability", "OrchestratorService", "ServiceTesting",
        ]
    ),
    tests(
        "ProbeAgentService",
        uses: [
            "Configuration", "Contracts", "Database", "Egress", "EventLoop", "JSON", "JSONRPC", "JSONRPCTransport",
            "Observability", "OrchestratorService", "ServiceTesting", "TLS", "TestServers",
        ]
    ),
    .target(
        name: "TestServers",
        dependencies: ["EventLoop", "HTTP", "JSON", "Lifecycle", "Observability", "TLS"],
        path: "Tests/TestServers",
        swiftSettings: settings
    ),
    tests(
        "Kubernetes",
        uses: ["Configuration", "EventLoop", "HTTP", "JSON", "Observability", "TLS", "TestServers"]
    ),
    tests("Egress", uses: ["EventLoop", "TLS", "TestServers"]),
    tests("Probing", uses: ["CLinux", "Contracts", "Egress", "EventLoop", "JSON", "Simulation", "TestServers"]),
]

let benchmarks: [Target] = [
    .target(name: "CCapture", path: "Benchmarks/ICMP/Capture", cSettings: [.define("_GNU_SOURCE")]),
    benchmark(
        "rpc",
        "RPC",
        uses: ["EventLoop", "HTTP", "JSON", "JSONRPC", "JSONRPCTransport", "Observability", "TLS"]
    ),
    .target(
        name: "StoreBench",
        dependencies: [
            "Configuration", "Contracts", "Database", "EventLoop", "JSON", "JSONRPC", "JSONRPCTransport", "Lifecycle",
            "Observability", "StoreService", "TLS",
        ],
        path: "Benchmarks/StoreBench",
        swiftSettings: settings
    ),
    benchmark("ingest", "Ingest", uses: ["Contracts", "Database", "StoreBench", "TestServers"]),
    benchmark("store", "Store", uses: ["Contracts", "Database", "StoreBench"]),
    benchmark("json", "JSON", uses: ["JSON"]),
    benchmark("icmp", "ICMP", uses: ["CCapture", "CLinux", "EventLoop", "Probing"], exclude: ["Capture"]),
    benchmark("database", "Database", uses: ["Database"]),
    benchmark("tokens", "Tokens", uses: ["Contracts", "Observability", "TLS", "Tokens"]),
    benchmark("path", "Path", uses: ["Contracts", "EventLoop", "Probing", "Simulation"]),
    benchmark(
        "spool",
        "Spool",
        uses: ["CLinux", "Configuration", "Contracts", "Database", "Observability", "ProbeAgentService"]
    ),
    benchmark("sim", "Simulation", uses: ["EventLoop", "Probing", "Simulation"]),
]

let package = Package(name: "sonde", targets: shared + services + suites + benchmarks)
