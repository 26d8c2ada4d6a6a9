import Foundation

// The program `fuzz TARGET [options of libFuzzer] CORPUS…`; built by `scripts/bench fuzz` alone.

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private let scratch = FileManager.default.temporaryDirectory.appending(path: "plumb-fuzz-\(getpid())")
private let name = CommandLine.arguments.dropFirst().first ?? ""

guard let target = FuzzTarget(rawValue: name) else {
    print("fuzz knows the targets \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")), not '\(name)'.")
    exit(64)
}
try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)

/// libFuzzer's callback takes no context, so the target is the program's.
private let chosen = target

// libFuzzer sees the arguments without the target's name.
var arguments = unsafe CommandLine.unsafeArgv
unsafe arguments[1] = arguments[0]
unsafe arguments += 1
var count = CommandLine.argc - 1
var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe arguments
let status = unsafe runFuzzer(&count, &list) { start, length in
    do {
        try chosen.run(unsafe Array(UnsafeBufferPointer(start: start, count: length)), scratch: scratch)
    } catch {
        print("\(error)")
        exit(70)
    }
    return 0
}
exit(status)
