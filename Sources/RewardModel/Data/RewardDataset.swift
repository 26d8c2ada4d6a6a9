import Foundation
import LanguageModel
import Preferences

/// All labels of a run, cut into what is learnt from and what is held out.
struct RewardDataset {
    /// Name of the input file.
    static let fileName = "groups.jsonl"

    var training: [RewardExample] = []
    /// All groups that are not learnt from.
    var heldOut: [RewardExample] = []
    /// Those of them that choose the step which is kept.
    var selecting: [RewardExample] = []
    /// Those of them that the figures rest on: the same ones where there are too few to part them.
    var reported: [RewardExample] = []
    /// Those that order nothing, on which further heads are measured.
    var heldOutMarked: [RewardExample] = []
    /// Prompts that are tagged as being about safety.
    var safetyPrompts: Set<[Int32]> = []
    /// Distinct prompts of all groups, in the order of the file.
    var prompts: [[Int32]] = []
    /// The groups of `training`, `heldOut` and `reported` as people see them, in their order.
    var trainingGroups: [LabelledGroup] = []
    var heldOutGroups: [LabelledGroup] = []
    var reportedGroups: [LabelledGroup] = []
    /// The policy that the card has a figure of its own for; as read, the last one that wrote several responses of a group.
    /// One response beside those of others is that of an earlier policy in a mix, or of one that is compared with another.
    var newestPolicy: String?
    /// What people should know about the data, as sentences.
    var notes: [String] = []

    /// - Throws: `JSONLineError`, `RewardModelError` with file and line for a group that is not whole, and for no labels.
    init(_ file: URL, template: PromptTemplate, contextLength: Int, reading: LabelReading) throws {
        var tooLong: [String] = []
        var withoutOrder = 0
        var labels = 0
        var seen = Set<[Int32]>()
        try JSONLines.forEach(LabelledGroup.self, in: Data(contentsOf: file), file: Self.fileName) { line, labelled in
            do {
                try labelled.validate()
            } catch {
                throw RewardModelError.badGroup(file: Self.fileName, line: line, reason: "\(error)")
            }
            // What is held out is held out of both halves.
            guard labelled.split == .heldOut || reading.half.includes(labelled.group.prompt) else { return }
            labels += labelled.labels.count + labelled.reviews.count
            newestPolicy = Self.mainPolicy(of: labelled.group) ?? newestPolicy
            let example = try RewardExample(labelled, template: template, reading: reading)
            guard example.longest <= contextLength, !example.tokens.prompt.isEmpty else {
                tooLong.append(example.id)
                return
            }
            if seen.insert(example.tokens.prompt).inserted { prompts.append(example.tokens.prompt) }
            if labelled.isAboutSafety { safetyPrompts.insert(example.tokens.prompt) }
            withoutOrder += labelled.labels.count - example.elements.count
            if labelled.split == .heldOut {
                // The figures are about order alone.
                guard example.elements.contains(where: { !$0.pairs.isEmpty }) else {
                    if example.hasMarks { heldOutMarked.append(example) }
                    return
                }
                heldOut.append(example)
                heldOutGroups.append(labelled)
            } else if !example.isEmpty {
                training.append(example)
                trainingGroups.append(labelled)
            }
        }
        guard labels > 0 else { throw RewardModelError.noLabels }
        if !tooLong.isEmpty {
            notes.append(ReadingNotes.tooLong(tooLong.count, groups: tooLong, context: contextLength))
        }
        if withoutOrder > 0 { notes.append(ReadingNotes.withoutOrder(withoutOrder)) }
        // The score itself is learnt from order alone.
        guard training.contains(where: { !$0.elements.isEmpty }) else {
            throw heldOut.isEmpty ? RewardModelError.nothingOrdered(notes: notes) : .everythingHeldOut
        }
        if heldOut.isEmpty {
            notes.append(
                "With \(Wording.count(labels, "label", "labels")) there are too few to hold any out, so how well this reward model does on prompts that "
                    + "it has not seen is not known.")
        }
        partHeldOut()
    }

    /// Whether the groups that chose the step also give the figures.
    var figuresAreOfSelection: Bool { selecting.count + reported.count > heldOut.count }

    private mutating func partHeldOut() {
        let groups = heldOutGroups
        let halves = HeldOutHalves(groups.map(\.group.prompt))
        selecting = zip(heldOut, groups).filter { halves.selects($0.1.group.prompt) }.map(\.0)
        reported = zip(heldOut, groups).filter { halves.reports($0.1.group.prompt) }.map(\.0)
        reportedGroups = groups.filter { halves.reports($0.group.prompt) }
        guard figuresAreOfSelection else { return }
        notes.append(
            "The held-out figures are a little too good: the same "
                + Wording.count(heldOut.count, "group", "groups")
                + " also chose which step was kept. From \(HeldOutHalves.fewestPrompts) held-out prompts on, one half chooses and the other is "
                + "reported.")
    }

    /// Who wrote most responses of a group, the first of equals; nil where nobody wrote two.
    private static func mainPolicy(of group: ResponseGroup) -> String? {
        let policies = group.responses.compactMap(\.policy)
        let counts = Dictionary(policies.map { ($0, 1) }, uniquingKeysWith: +)
        guard let most = counts.values.max(), most > 1 else { return nil }
        return policies.first { counts[$0] == most }
    }

    static func labelCount(_ examples: [RewardExample]) -> Int { examples.reduce(0) { $0 + $1.judgements } }
}
