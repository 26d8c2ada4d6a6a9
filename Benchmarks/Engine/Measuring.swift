import ArgumentParser
import Foundation
import LanguageModel
import SeededRandom

/// How a piece of work is timed: so many times by itself, or once for each line of the standard input, so that programs
/// can take turns.
struct Measuring: ParsableArguments {
    @Option(help: "Times that are counted, after one that is not.") var repeats = 5
    @Option var threads = 2
    @Flag(help: "Do the work once for each line of the standard input, and answer with one of JSON.") var onLines =
        false

    /// - Parameter work: does it once and returns seconds by name; `step` is the whole.
    func report(
        _ name: String, _ settings: [String: String], tokens: Int, _ work: () throws -> [String: Double]
    ) throws {
        if onLines {
            Report.line(["ready": 1])
            while readLine() != nil { Report.line(try work()) }
            return
        }
        var times = Times()
        for repeated in 0...repeats {
            let seconds = try work()
            if repeated > 0 { times.add(seconds) }
        }
        Report.print(name, settings, seconds: times.medians, tokens: tokens)
    }
}

extension Shape {
    /// Random ids of the shape's vocabulary, past the first few that may mean something.
    func tokens(_ count: Int, using random: inout SplitMix64) -> [Int32] {
        (0..<count).map { _ in Int32.random(in: 8..<Int32(configuration.vocabularySize), using: &random) }
    }
}

/// What the process itself holds, as Linux counts it.
enum ProcessMemory {
    /// The most resident memory since the last call, MB; 0 where the system does not say.
    static func takeMost() -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        // Linux takes 5 for: the high-water mark begins at what is held now.
        try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1000
    }
}
