import Foundation

/// Seconds on a clock that only goes forward.
enum Clock {
    static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}

/// Durations by name, over repetitions.
struct Times {
    private var values: [String: [Double]] = [:]

    mutating func add(_ times: [String: Double]) {
        for (name, seconds) in times { values[name, default: []].append(seconds) }
    }

    var medians: [String: Double] {
        values.mapValues { values in
            let sorted = values.sorted()
            let middle = sorted.count / 2
            return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        }
    }
}

enum Report {
    /// One line of JSON: what was timed, medians in seconds, tokens a second, and the process's largest memory.
    static func print(_ work: String, _ settings: [String: String], seconds: [String: Double], tokens: Int) {
        var object: [String: Any] = ["work": work, "settings": settings, "seconds": seconds]
        if let whole = seconds["step"], whole > 0 { object["tokens_per_second"] = Double(tokens) / whole }
        object["peak_memory_mb"] = peakMemory
        line(object)
    }

    /// One line of JSON, at once.
    static func line(_ object: [String: Any]) {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? JSONSerialization.data(withJSONObject: object, options: options)) ?? Data()
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }

    /// The kernel's high-water mark of resident memory, in MB; nil where it does not tell.
    private static var peakMemory: Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { return nil }
        return (kilobytes / 1_000).rounded()
    }
}
