import Foundation

/// A file as it was read.
struct DeclarationFile: Equatable, Sendable {
    /// More bytes than this are not read from one file.
    static let maximumBytes = 8 << 20
    private static let maximumCount = 1_000
    private static let extensions: Set = ["yaml", "yml", "json"]

    /// Its path, or `standard input`.
    var name: String
    var bytes: [UInt8]

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The files at `paths`: of a folder all whose names end in `.yaml`, `.yml` or `.json`, sorted; `-` is standard input.
    ///
    /// Throws `.badData` for what cannot be read, and for a folder without such files.
    static func read(_ paths: [String]) throws(CommandLineError) -> [Self] {
        var files: [Self] = []
        for path in try self.paths(at: paths) { files.append(try Self(reading: path)) }
        return files
    }

    /// The same without reading them: folders are replaced by the files in them.
    static func paths(at paths: [String]) throws(CommandLineError) -> [String] {
        var all: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            if path != "-", unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
                isFolder.boolValue
            {
                all += try names(in: path).map { "\(path)/\($0)" }
            } else {
                all.append(path)
            }
            guard all.count <= maximumCount else {
                throw CommandLineError(.badData, "there are more than \(maximumCount) files")
            }
        }
        return all
    }

    private static func names(in folder: String) throws(CommandLineError) -> [String] {
        guard let all = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw CommandLineError(.badData, "\(folder) cannot be read")
        }
        let names = all.filter { !$0.hasPrefix(".") && extensions.contains(URL(filePath: $0).pathExtension) }.sorted()
        guard !names.isEmpty else {
            throw CommandLineError(.badData, "\(folder) has no file that ends in .yaml, .yml or .json")
        }
        return names
    }

    private init(reading path: String) throws(CommandLineError) {
        let isInput = path == "-"
        name = isInput ? "standard input" : path
        do {
            let file = isInput ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
            var data = Data()
            while data.count <= Self.maximumBytes,
                let piece = try file.read(upToCount: Self.maximumBytes + 1 - data.count),
                !piece.isEmpty
            {
                data += piece
            }
            bytes = [UInt8](data)
        } catch {
            throw CommandLineError(.badData, "\(name) cannot be read")
        }
        guard bytes.count <= Self.maximumBytes else {
            throw CommandLineError(.badData, "\(name) is larger than \(Self.maximumBytes) bytes")
        }
    }
}
