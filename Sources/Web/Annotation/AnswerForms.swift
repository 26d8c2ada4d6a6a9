import Foundation
import Labels
import Preferences

/// Reads the ranking form: a field `rank.<id>` per response, `unacceptable.<id>` for each one below the line,
/// `rating.<id>` from 1 to 7 and `flag.<id>.<name>`.
enum RankingForm {
    static let rankPrefix = "rank."
    static let unacceptablePrefix = "unacceptable."
    static let ratingPrefix = "rating."
    static let flagPrefix = "flag."

    /// - Throws: `FormRefusal`.
    static func judgement(_ fields: [String: String]) throws -> Judgement {
        let given = FormFields.values(fields, prefix: rankPrefix)
        guard !given.isEmpty else { throw FormRefusal.empty }
        let unranked = given.filter { $0.value.isEmpty }.map(\.key).sorted()
        guard unranked.isEmpty else { throw FormRefusal.unranked(unranked) }
        var ranks: [String: Int] = [:]
        for (id, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let rank = Int(value), (1...given.count).contains(rank) else {
                throw FormRefusal.badRank(response: id, value: value, largest: given.count)
            }
            ranks[id] = rank
        }
        let unacceptable = Set(FormFields.values(fields, prefix: unacceptablePrefix).keys)
        for lower in unacceptable.sorted() {
            for upper in ranks.keys.sorted() where !unacceptable.contains(upper) {
                guard let low = ranks[lower], let high = ranks[upper], low <= high else { continue }
                throw FormRefusal.unacceptableAbove(unacceptable: lower, acceptable: upper)
            }
        }
        let rows = Dictionary(grouping: ranks.keys.sorted(), by: { ranks[$0] ?? 0 }).sorted { $0.key < $1.key }
        return .ranking(
            try Ranking(rows: rows.map(\.value), unacceptable: unacceptable, ratings: try ratings(fields)))
    }

    /// What the form says of single responses; empty fields say nothing.
    /// - Throws: `FormRefusal.badScore`.
    static func ratings(_ fields: [String: String]) throws -> [String: ResponseRating] {
        var overall: [String: Int] = [:]
        for (id, value) in FormFields.values(fields, prefix: ratingPrefix) where !value.isEmpty {
            guard let number = Int(value), ResponseRating.scale.contains(number) else {
                throw FormRefusal.badScore(response: id, value: value, scale: ResponseRating.scale)
            }
            overall[id] = number
        }
        var flags: [String: Set<String>] = [:]
        for name in FormFields.values(fields, prefix: flagPrefix).keys {
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            if parts.count == 2 { flags[parts[0], default: []].insert(parts[1]) }
        }
        return try Set(overall.keys).union(flags.keys).reduce(into: [:]) {
            $0[$1] = try ResponseRating(overall: overall[$1], flags: flags[$1] ?? [])
        }
    }
}

/// Reads the comparison form: `choice` is `<winner's id>.<grade>`, `tie` or `both_unacceptable`; `responses` names the two
/// ids, `safety` is `both_safe`, `both_unsafe` or the id of the only safe one, `aspect.<id>.<aspect>` runs from 0 to 4,
/// `reason` is a text.
enum ComparisonForm {
    static let tie = "tie"
    static let bothUnacceptable = "both_unacceptable"
    static let bothSafe = "both_safe"
    static let bothUnsafe = "both_unsafe"
    static let aspectPrefix = "aspect."

    /// - Throws: `FormRefusal`.
    static func judgement(_ fields: [String: String]) throws -> Judgement {
        let both = (fields["responses"] ?? "").split(separator: " ").map(String.init)
        guard let choice = fields["choice"], !choice.isEmpty else { throw FormRefusal.noChoice }
        guard both.count == 2, let verdict = verdict(choice, between: both) else { throw FormRefusal.badChoice(choice) }
        let reason = fields["reason"].map { FormFields.text($0) }
        do {
            return .comparison(
                try Comparison(
                    between: both[0], and: both[1], verdict: verdict, unsafe: try unsafe(fields, of: both),
                    ratings: try aspects(fields), reason: reason))
        } catch ComparisonError.unsafePreferred(let winner, let loser) {
            throw FormRefusal.unsafePreferred(winner: winner, safe: loser)
        } catch ComparisonError.longReason(let found) {
            throw FormRefusal.longReason(found: found)
        }
    }

    private static func verdict(_ choice: String, between both: [String]) -> Comparison.Verdict? {
        switch choice {
        case tie: return .tie
        case bothUnacceptable: return .bothUnacceptable
        default:
            guard let dot = choice.lastIndex(of: "."),
                let grade = Grade(rawValue: String(choice[choice.index(after: dot)...])),
                let side = both.firstIndex(of: String(choice[..<dot]))
            else { return nil }
            return .preference(winner: both[side], loser: both[1 - side], grade: grade)
        }
    }

    /// Nil where nothing was chosen.
    private static func unsafe(_ fields: [String: String], of both: [String]) throws(FormRefusal) -> Set<String>? {
        switch fields["safety"] {
        case nil, "": return nil
        case bothSafe: return []
        case bothUnsafe: return Set(both)
        case let safe?:
            guard both.contains(safe) else { throw FormRefusal.badChoice(safe) }
            return Set(both).subtracting([safe])
        }
    }

    /// - Throws: `FormRefusal.badScore`.
    static func aspects(_ fields: [String: String]) throws -> [String: ResponseRating] {
        var values: [String: [Aspect: Int]] = [:]
        for (name, value) in FormFields.values(fields, prefix: aspectPrefix) where !value.isEmpty {
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2, let aspect = Aspect(rawValue: parts[1]) else { continue }
            guard let number = Int(value), ResponseRating.aspectScale.contains(number) else {
                throw FormRefusal.badScore(response: parts[0], value: value, scale: ResponseRating.aspectScale)
            }
            values[parts[0], default: [:]][aspect] = number
        }
        return try values.mapValues { try ResponseRating(aspects: $0) }
    }
}

/// Reads how long somebody worked, as the page's script measured it; without a script there is nothing to read.
enum TimingFields {
    static func timing(_ fields: [String: String]) -> Timing {
        func number(_ name: String) -> Int? {
            fields[name].flatMap(Int.init).flatMap { (0...Timing.longest).contains($0) ? $0 : nil }
        }
        var timing = Timing()
        timing.activeMilliseconds = number("active_ms")
        timing.firstActionMilliseconds = number("first_action_ms")
        timing.operations = number("operations")
        timing.effort = fields["effort"].flatMap { try? JSONDecoder().decode(Effort.self, from: Data($0.utf8)) }
        return timing
    }
}

/// Fields of a posted form.
enum FormFields {
    /// The fields whose names begin with `prefix`, without it.
    static func values(_ fields: [String: String], prefix: String) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in fields where name.hasPrefix(prefix) {
            values[String(name.dropFirst(prefix.count))] = value
        }
        return values
    }

    /// A text without white space around it, with the line ends of this system.
    static func text(_ value: String) -> String {
        value.replacing("\r\n", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
