import Foundation

/// Reads the settings of `program`, or ends the process with EX_USAGE (64) and one line that says which is wrong.
///
/// To be the first thing in a main: nothing is bound, opened or started yet.
public func configure<Settings>(
    _ program: String,
    _ read: (Environment) throws(ConfigurationError) -> Settings
) -> Settings {
    do {
        return try read(.process)
    } catch {
        FileHandle.standardError.write(Data("\(program): \(error.message)\n".utf8))
        exit(EX_USAGE)
    }
}
