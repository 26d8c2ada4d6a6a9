import Foundation

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

// libFuzzer's callback takes no context.
private let target = FuzzTarget(rawValue: CommandLine.arguments.dropFirst().first ?? "")
private let scratch = FileManager.default.temporaryDirectory.appending(path: "plumb-fuzz-\(getpid())")

/// The program `fuzz TARGET [options of libFuzzer] CORPUS…`; built by `scripts/bench fuzz` alone.
@main
enum FuzzMain {
    static func main() throws {
        guard target != nil else {
            print("fuzz knows the targets \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")).")
            exit(64)
        }
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        // libFuzzer sees the arguments without the target's name.
        let arguments = unsafe CommandLine.unsafeArgv + 1
        unsafe arguments[0] = CommandLine.unsafeArgv[0]
        var count = CommandLine.argc - 1
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe arguments
        exit(unsafe runFuzzer(&count, &list) { start, length in unsafe FuzzMain.read(start, length) })
    }

    private static func read(_ start: UnsafePointer<UInt8>?, _ length: Int) -> CInt {
        // Foundation leaks its buffer when it reads an empty file, which would end every run; the tests read empty files.
        guard length > 0 else { return 0 }
        do {
            try target?.run(unsafe Array(UnsafeBufferPointer(start: start, count: length)), scratch: scratch)
        } catch {
            print("\(scratch.path): \(error)")
            exit(70)
        }
        return 0
    }
}
