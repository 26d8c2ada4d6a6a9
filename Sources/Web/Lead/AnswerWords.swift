import Labels
import Preferences

/// A label's answer in words, with the letters that its annotator saw.
struct AnswerWords {
    private let letters: [String: String]
    private let flags: [String: String]

    /// - Parameters:
    ///   - displayOrder: response ids by slot.
    ///   - flags: those of the project now; one that it had before is called by its name.
    init(displayOrder: [String], flags: [ResponseFlag]) {
        letters = Dictionary(
            displayOrder.enumerated().map { ($1, DisplayOrder.letter(slot: $0)) },
            uniquingKeysWith: { first, _ in first })
        self.flags = Dictionary(flags.map { ($0.name, $0.words) }, uniquingKeysWith: { first, _ in first })
    }

    /// “B › A = C · not acceptable: D · A 6 of 7: Makes something up”
    func sentence(_ judgement: Judgement) -> String {
        switch judgement {
        case .ranking(let ranking): ([order(ranking)] + ratings(ranking.ratings)).joined(separator: " · ")
        case .comparison(let comparison): sentence(comparison)
        }
    }

    private func sentence(_ comparison: Comparison) -> String {
        var parts: [String]
        switch comparison.verdict {
        case .preference(let winner, let loser, let grade):
            parts = ["\(letter(winner)) \(grade.words) than \(letter(loser))"]
        case .tie: parts = ["A tie"]
        case .bothUnacceptable: parts = ["Both unacceptable"]
        }
        if let unsafe = comparison.unsafe {
            switch comparison.safety {
            case .chosenSafe: parts.append("chosen safe, other unsafe")
            case .bothSafe: parts.append("both safe")
            case .bothUnsafe: parts.append("both unsafe")
            case nil: parts.append("unsafe: \(Wording.list(unsafe.map(letter).sorted()))")
            }
        }
        parts += ratings(comparison.ratings)
        if let reason = comparison.reason { parts.append("“\(reason)”") }
        return parts.joined(separator: " · ")
    }

    private func order(_ ranking: Ranking) -> String {
        func words(_ rows: [[String]]) -> String {
            rows.map { $0.map(letter).sorted().joined(separator: " = ") }.joined(separator: " › ")
        }
        let above = ranking.rows.filter { !ranking.unacceptable.contains($0[0]) }
        let below = ranking.rows.filter { ranking.unacceptable.contains($0[0]) }
        return [words(above), below.isEmpty ? "" : "not acceptable: \(words(below))"].filter { !$0.isEmpty }
            .joined(separator: " · ")
    }

    private func ratings(_ ratings: [String: ResponseRating]) -> [String] {
        ratings.map { (letter($0.key), $0.value) }.sorted { $0.0 < $1.0 }.map { letter, rating in
            var said: [String] = []
            if let overall = rating.overall { said.append("\(overall) of \(ResponseRating.scale.upperBound)") }
            said += rating.aspects.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
            said += rating.flags.sorted().map { flags[$0] ?? $0 }
            return "\(letter): \(said.joined(separator: ", "))"
        }
    }

    private func letter(_ id: String) -> String { letters[id] ?? id }
}

extension AnswerWords {
    /// The written text, or “2 of 7; Makes something up. Its criticism”.
    func sentence(_ feedback: Feedback) -> String {
        guard case .rating(let review) = feedback else { return feedback.text }
        let names = review.rating.flags.sorted().map { flags[$0] ?? $0 }
        let score = review.rating.overall.map { "\($0) of 7" } ?? "–"
        return ([score] + names).joined(separator: "; ") + "." + (review.criticism.map { " " + $0 } ?? "")
    }
}
