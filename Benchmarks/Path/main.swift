import EventLoop
import Foundation

// bench-path   Traces a path of a simulated network that carries real packets: processor and wall time a trace beside
//              traceroute's and mtr's. Takes root.
// bench-path trace MODE ADDRESS COUNT GAP_MS   what is measured of ours: traces, one after another
if CommandLine.arguments.count == 6, CommandLine.arguments[1] == "trace" {
    try await OwnTraces(Array(CommandLine.arguments.dropFirst(2))).run()
    exit(0)
}
guard geteuid() == 0 else {
    print("left out: a simulated network with real packets takes root")
    exit(0)
}
exit(try await PathBenchmark().run() ? 0 : 1)
