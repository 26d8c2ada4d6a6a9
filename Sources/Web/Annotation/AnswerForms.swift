import Labels
import Preferences

/// Why a form is not an answer yet, in the lease's response ids; the page puts letters in their place.
enum FormRefusal: Error, Equatable {
    /// These responses have no rank.
    case unranked([String])
    /// Nothing that this page asks for was in the form.
    case empty
    /// A rank that is no whole number from 1 to the number of responses.
    case badRank(response: String, value: String, largest: Int)
    /// A response marked not acceptable stands above, or beside, an acceptable one.
    case unacceptableAbove(unacceptable: String, acceptable: String)
    /// No side and grade were chosen on a comparison.
    case noChoice
    /// A side and grade that the page does not offer.
    case badChoice(String)

    /// What to say to the person, with the letters that they see.
    func explanation(letters: [String: String]) -> String {
        func letter(_ id: String) -> String { letters[id] ?? "a response that is not on this page" }
        switch self {
        case .unranked(let ids):
            let names = ids.map(letter).sorted()
            return names.count == letters.count
                ? "Nothing is ranked yet. Give every response a rank; equal ranks are a tie."
                : "\(Self.list(names)) \(names.count == 1 ? "has" : "have") no rank yet. Give every response a rank; "
                    + "equal ranks are a tie."
        case .empty:
            return "The form arrived empty, so nothing was stored. Give every response a rank and submit again."
        case .badRank(let id, let value, let largest):
            return "“\(value)” is no rank for \(letter(id)): choose a number from 1 to \(largest)."
        case .unacceptableAbove(let lower, let upper):
            return "\(letter(lower)) is marked not acceptable but does not stand below \(letter(upper)), which is "
                + "acceptable. Give \(letter(lower)) a lower rank, or change the marks."
        case .noChoice:
            return "Nothing is chosen yet. Choose which response is better and by how much."
        case .badChoice:
            return "That choice is not one of the eight of this page. Choose again."
        }
    }

    private static func list(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}

/// Reads the ranking form: a field `rank.<id>` per response and `unacceptable.<id>` for each one below the line.
enum RankingForm {
    static let rankPrefix = "rank."
    static let unacceptablePrefix = "unacceptable."

    /// - Throws: `FormRefusal`.
    static func judgement(_ fields: [String: String]) throws -> Judgement {
        let given = values(fields, prefix: rankPrefix)
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
        let unacceptable = Set(values(fields, prefix: unacceptablePrefix).keys)
        for lower in unacceptable.sorted() {
            for upper in ranks.keys.sorted() where !unacceptable.contains(upper) {
                guard let low = ranks[lower], let high = ranks[upper], low <= high else { continue }
                throw FormRefusal.unacceptableAbove(unacceptable: lower, acceptable: upper)
            }
        }
        let rows = Dictionary(grouping: ranks.keys.sorted(), by: { ranks[$0] ?? 0 }).sorted { $0.key < $1.key }
        return .ranking(try Ranking(rows: rows.map(\.value), unacceptable: unacceptable))
    }

    /// The fields whose names begin with `prefix`, without it.
    static func values(_ fields: [String: String], prefix: String) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in fields where name.hasPrefix(prefix) {
            values[String(name.dropFirst(prefix.count))] = value
        }
        return values
    }
}

/// Reads the comparison form: `choice` is `<winner's id>.<grade>` and `responses` names the two ids.
enum ComparisonForm {
    /// - Throws: `FormRefusal`.
    static func judgement(_ fields: [String: String]) throws -> Judgement {
        let both = (fields["responses"] ?? "").split(separator: " ").map(String.init)
        guard let choice = fields["choice"], !choice.isEmpty else { throw FormRefusal.noChoice }
        guard let dot = choice.lastIndex(of: "."),
            let grade = Grade(rawValue: String(choice[choice.index(after: dot)...])),
            both.count == 2, let side = both.firstIndex(of: String(choice[..<dot]))
        else { throw FormRefusal.badChoice(choice) }
        return .comparison(try Comparison(winner: both[side], loser: both[1 - side], grade: grade))
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
        return timing
    }
}
