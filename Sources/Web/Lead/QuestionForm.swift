import Foundation
import Labels
import Preferences

/// The part of a project's form that says what is asked besides an order.
struct QuestionForm: Sendable {
    struct Tick: Sendable {
        var name: String
        var label: String
        var isSet: Bool
    }

    var ratings: [FormOption]
    var flags: [Tick]
    var ownFlags: String
    var verdicts: [Tick]
    var aspects: [Tick]
    var reasons: [FormOption]

    init(_ settings: ProjectSettings) {
        ratings = Wish.allCases.map {
            .init(value: $0.rawValue, label: Self.words($0), isSelected: $0 == settings.ratings)
        }
        flags = ResponseFlag.standard.map {
            Tick(name: Self.flagPrefix + $0.name, label: $0.words, isSet: settings.flags.contains($0))
        }
        ownFlags = settings.flags.filter { !ResponseFlag.standard.contains($0) }
            .map { "\($0.name) = \($0.words)" }.joined(separator: "\n")
        verdicts = [
            Tick(name: "tie", label: "They may call it a tie", isSet: settings.tie),
            Tick(
                name: "both_unacceptable", label: "They may call both unacceptable", isSet: settings.bothUnacceptable),
            Tick(name: "safety", label: "They say which responses are safe", isSet: settings.safety),
        ]
        aspects = Aspect.allCases.map {
            Tick(
                name: Self.aspectPrefix + $0.rawValue,
                label: $0.rawValue.prefix(1).uppercased() + $0.rawValue.dropFirst(),
                isSet: settings.aspects.contains($0))
        }
        reasons = ReasonRule.allCases.map {
            .init(value: $0.rawValue, label: Self.words($0), isSelected: $0 == settings.reason)
        }
    }

    private static let flagPrefix = "flag_"
    private static let aspectPrefix = "aspect_"

    private static func words(_ wish: Wish) -> String {
        switch wish {
        case .off: "Not asked"
        case .optional: "Asked, and may be left out"
        case .required: "Required for every response"
        }
    }

    private static func words(_ rule: ReasonRule) -> String {
        switch rule {
        case .off: "Not asked"
        case .optional: "Asked, and may be left out"
        case .requiredForSignificantly: "Required where one is significantly better"
        }
    }

    private static func isPart(of form: LeadForm) -> Bool {
        !form.text("ratings").isEmpty || !form.text("reason").isEmpty
    }

    /// Puts what was typed back into the fields; a form without this part changes nothing of it.
    mutating func keep(_ form: LeadForm) {
        guard Self.isPart(of: form) else { return }
        ratings.select(form.text("ratings"))
        for index in flags.indices { flags[index].isSet = form.flag(flags[index].name) }
        ownFlags = form.raw("own_flags")
        for index in verdicts.indices { verdicts[index].isSet = form.flag(verdicts[index].name) }
        for index in aspects.indices { aspects[index].isSet = form.flag(aspects[index].name) }
        reasons.select(form.text("reason"))
    }

    /// Puts what a posted form asks for into `settings`; a form without this part changes nothing of it.
    /// - Throws: `FieldError` naming the field that can't be taken.
    static func read(_ form: LeadForm, into settings: inout ProjectSettings) throws(FieldError) {
        guard isPart(of: form) else { return }
        guard let ratings = Wish(rawValue: form.text("ratings")) else {
            throw FieldError(field: "ratings", message: "Ratings: choose one of the list.")
        }
        guard let reason = ReasonRule(rawValue: form.text("reason")) else {
            throw FieldError(field: "reason", message: "Reason: choose one of the list.")
        }
        settings.ratings = ratings
        settings.flags = ResponseFlag.standard.filter { form.flag(flagPrefix + $0.name) } + ownFlags(form)
        settings.tie = form.flag("tie")
        settings.bothUnacceptable = form.flag("both_unacceptable")
        settings.safety = form.flag("safety")
        settings.aspects = Aspect.allCases.filter { form.flag(aspectPrefix + $0.rawValue) }
        settings.reason = reason
    }

    /// Lines `name = words`; of a line of words alone the name is made.
    private static func ownFlags(_ form: LeadForm) -> [ResponseFlag] {
        form.raw("own_flags").split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard let words = parts.last, !parts[0].isEmpty else { return nil }
            return ResponseFlag(name: parts.count == 2 ? parts[0] : name(of: words), words: words)
        }
    }

    /// "Off topic" is `off_topic`.
    private static func name(of words: String) -> String {
        let letters = words.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return String(letters.prefix(40))
    }
}
