import Foundation
import Labels

/// Numbers, times and names as the lead's pages write them.
enum LeadWords {
    /// A time for people (UTC) and for machines.
    struct Moment: Sendable {
        var text: String
        var machine: String

        init(_ date: Date) {
            machine = date.formatted(.iso8601)
            let style = Date.VerbatimFormatStyle(
                format: """
                    \(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits) \
                    \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits)
                    """,
                locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
            text = date.formatted(style) + " UTC"
        }

        init?(_ date: Date?) {
            guard let date else { return nil }
            self.init(date)
        }
    }

    /// 0.7312 as “73.1%”.
    static func share(_ value: Double) -> String { String(format: "%.1f%%", value * 100) }

    /// A share with its 95% interval, or why there is none.
    static func share(_ value: Double?, _ interval: ClosedRange<Double>?, otherwise: String) -> String {
        guard let value else { return otherwise }
        guard let interval else { return share(value) }
        return "\(share(value)) (95% interval \(share(interval.lowerBound)) to \(share(interval.upperBound)))"
    }

    /// A correlation, a coefficient of agreement or a strength: “−0.33”.
    static func coefficient(_ value: Double) -> String {
        let text = String(format: "%.2f", value)
        return text == "-0.00" ? "0.00" : text.replacing("-", with: "−")
    }

    static func bytes(_ count: Int64) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var value = Double(count)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(count) bytes" : String(format: "%.1f %@", value, units[unit])
    }

    static func seconds(_ value: Double?) -> String {
        guard let value else { return "–" }
        return value < 90 ? String(format: "%.0f s", value) : String(format: "%.1f min", value / 60)
    }

    static func kind(_ kind: String) -> String {
        switch kind {
        case "reward-model": "Reward model"
        case "policy-refresh": "Policy refresh"
        case "supervised": "Supervised fine-tuning"
        case "preference-tuning": "Preference tuning"
        case "pretraining": "Pretraining"
        case "tokenizer": "Tokenizer"
        default: kind
        }
    }

    static func state(_ state: RunState, isStopping: Bool = false) -> String {
        if isStopping, state == .running { return "Stopping" }
        return switch state {
        case .queued: "Waiting"
        case .running: "Running"
        case .succeeded: "Done"
        case .failed: "Failed"
        case .stopped: "Stopped"
        }
    }
}
