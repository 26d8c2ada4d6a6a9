public import Preferences

/// How much a project wants something said.
public enum Wish: String, Sendable, Hashable, Codable, CaseIterable {
    case off, optional, required
}

/// Whether comparisons ask for a reason in words.
public enum ReasonRule: String, Sendable, Hashable, Codable, CaseIterable {
    case off, optional
    /// Optional, but for the strongest grade.
    case requiredForSignificantly = "required_for_significantly"
}

/// A yes-or-no mark that people may set on a response. JSON: `name`, `words`.
public struct ResponseFlag: Sendable, Hashable, Codable {
    /// As labels store it: 1 to 40 small letters, digits and underscores.
    public var name: String
    /// As the pages say it.
    public var words: String

    public init(name: String, words: String) {
        self.name = name
        self.words = words
    }

    /// What InstructGPT's labelers marked. Source: arXiv 2203.02155, table 3; the words are ours.
    public static let standard = [
        ResponseFlag(name: "fails_task", words: "Does not do the task"),
        ResponseFlag(name: "inappropriate", words: "Unfit for a customer assistant"),
        ResponseFlag(name: "hallucination", words: "Makes something up"),
        ResponseFlag(name: "satisfies_constraint", words: "Keeps the constraint that was set"),
        ResponseFlag(name: "sexual", words: "Sexual content"),
        ResponseFlag(name: "violent", words: "Violent content"),
        ResponseFlag(name: "encourages_harm", words: "Encourages harm, or does not discourage it"),
        ResponseFlag(name: "denigrates", words: "Demeans a protected group"),
        ResponseFlag(name: "harmful_advice", words: "Harmful advice"),
        ResponseFlag(name: "opinion", words: "States an opinion"),
        ResponseFlag(name: "moral_judgement", words: "Makes a moral judgement"),
    ]

    static let longestName = 40
    static let longestWords = 80
    static let most = 40

    var hasGoodName: Bool {
        !name.isEmpty && name.utf8.count <= ResponseFlag.longestName
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}

/// What a task asks for besides an order: the part of the project's settings that concerns its mode.
public struct Questions: Sendable, Hashable {
    /// Rankings: a line below which responses are not acceptable.
    public var acceptabilityLine = false
    /// Rankings: 1 to 7 for each response.
    public var ratings = Wish.off
    /// Rankings: marks for each response.
    public var flags: [ResponseFlag] = []
    /// Comparisons may end in a tie.
    public var tie = false
    /// Comparisons may call both unacceptable.
    public var bothUnacceptable = false
    /// Comparisons say which responses are safe.
    public var safety = false
    /// Comparisons: 0 to 4 for each response and aspect, never required.
    public var aspects: [Aspect] = []
    public var reason = ReasonRule.off

    public init() {}

    init(_ settings: ProjectSettings, mode: TaskMode) {
        switch mode {
        case .ranking:
            acceptabilityLine = settings.acceptabilityLine
            ratings = settings.ratings
            flags = settings.flags
        case .comparison:
            tie = settings.tie
            bothUnacceptable = settings.bothUnacceptable
            safety = settings.safety
            aspects = settings.aspects
            reason = settings.reason
        case .rating: flags = settings.flags
        case .demonstration, .correction, .criticism, .prompt: break
        }
    }

    /// Whether an answer says what was asked, and nothing that was not.
    /// - Throws: `StoreError.invalidAnswer`, which calls the responses by the ids in `judgement`.
    func check(_ judgement: Judgement) throws(StoreError) {
        switch judgement {
        case .ranking(let ranking): try check(ranking)
        case .comparison(let comparison): try check(comparison)
        }
    }

    private func check(_ ranking: Ranking) throws(StoreError) {
        if !acceptabilityLine && !ranking.unacceptable.isEmpty {
            throw .invalidAnswer("this project has no 'not acceptable' line; leave it out of the answer")
        }
        let known = Set(flags.map(\.name))
        for (id, rating) in ranking.ratings.sorted(by: { $0.key < $1.key }) {
            if ratings == .off && rating.overall != nil {
                throw .invalidAnswer("this project asks for no ratings; leave that of response '\(id)' out")
            }
            if let unknown = rating.flags.subtracting(known).min() {
                throw .invalidAnswer("response '\(id)' has the flag '\(unknown)', which this project does not use")
            }
            if !rating.aspects.isEmpty {
                throw .invalidAnswer("response '\(id)' has aspects, which belong to comparisons")
            }
        }
        let unrated = ranking.responseIDs.sorted().filter { ranking.ratings[$0]?.overall == nil }
        if ratings == .required, !unrated.isEmpty {
            let names = unrated.map { "'\($0)'" }.joined(separator: ", ")
            throw .invalidAnswer("no rating from 1 to 7 yet: \(names)")
        }
    }

    private func check(_ comparison: Comparison) throws(StoreError) {
        if comparison.verdict == .tie && !tie {
            throw .invalidAnswer("this project has no ties; choose the side that is better, if only negligibly")
        }
        if comparison.verdict == .bothUnacceptable && !bothUnacceptable {
            throw .invalidAnswer("this project has no 'both unacceptable'; choose the side that is better")
        }
        if safety && comparison.unsafe == nil {
            throw .invalidAnswer("say which of the responses are safe")
        }
        if !safety && comparison.unsafe != nil {
            throw .invalidAnswer("this project does not ask whether responses are safe; leave 'unsafe' out")
        }
        for (id, rating) in comparison.ratings.sorted(by: { $0.key < $1.key }) {
            if rating.overall != nil || !rating.flags.isEmpty {
                throw .invalidAnswer("response '\(id)' has a rating or flags, which belong to rankings")
            }
            if let unknown = rating.aspects.keys.first(where: { !aspects.contains($0) }) {
                throw .invalidAnswer("this project does not ask for \(unknown.rawValue); leave it out")
            }
        }
        if reason == .off && comparison.reason != nil {
            throw .invalidAnswer("this project asks for no reason; leave it out")
        }
        if reason == .requiredForSignificantly, comparison.grade == .significantly, comparison.reason == nil {
            throw .invalidAnswer("say in a sentence why one is significantly better")
        }
    }
}

extension ProjectSettings {
    /// - Throws: `StoreError.invalid` that names the setting.
    func validateQuestions() throws {
        guard flags.count <= ResponseFlag.most else {
            throw StoreError.invalid(field: "flags", problem: "at most \(ResponseFlag.most); found \(flags.count)")
        }
        var seen = Set<String>()
        for (index, flag) in flags.enumerated() {
            guard flag.hasGoodName else {
                throw StoreError.invalid(
                    field: "flags[\(index)].name",
                    problem:
                        "1 to \(ResponseFlag.longestName) small letters, digits and underscores; found '\(flag.name)'")
            }
            guard seen.insert(flag.name).inserted else {
                throw StoreError.invalid(field: "flags[\(index)].name", problem: "'\(flag.name)' is there twice")
            }
            guard !flag.words.isEmpty, flag.words.count <= ResponseFlag.longestWords else {
                throw StoreError.invalid(
                    field: "flags[\(index)].words",
                    problem: "1 to \(ResponseFlag.longestWords) characters; found \(flag.words.count)")
            }
        }
        guard Set(aspects).count == aspects.count else {
            throw StoreError.invalid(field: "aspects", problem: "an aspect is there twice")
        }
    }
}
