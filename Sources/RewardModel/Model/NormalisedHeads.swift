import Foundation
import JSON
import LanguageModel
import Runs

/// Further heads of a reward model, and how their logits become scores.
public struct NormalisedHeads: Sendable {
    public let heads: RewardHeads
    /// One a member of the ensemble; empty without one.
    public let members: [Normalisation]
    /// Of `HeadScores.combined`; nil without a safety head.
    public let combined: Normalisation?

    public init(heads: RewardHeads, members: [Normalisation], combined: Normalisation?) {
        self.heads = heads
        self.members = members
        self.combined = combined
    }

    /// Reads a checkpoint's heads; nil where its `plumb.json` names none.
    /// - Throws: `CheckpointError`, `RewardModelError.badHeads`, `RewardModelError.badNormalisation`
    init?(details: JSONValue, folder: URL, model: Transformer) throws {
        guard let stored = details["heads"] else { return nil }
        let file = folder.appending(path: Lineage.fileName).path
        guard let layout = try? stored.decoded(as: HeadLayout.self), (1...64).contains(layout.members),
            layout.safetyMembers == 1 || layout.safety && layout.safetyMembers == layout.members
        else {
            throw RewardModelError.badHeads(file: file)
        }
        let members = try (details["member_normalisations"]?.arrayValue ?? []).map {
            try Normalisation($0, file: file)
        }
        let combined = try details["combined_normalisation"].map { try Normalisation($0, file: file) }
        guard members.count == (layout.members > 1 ? layout.members : 0), (combined != nil) == layout.safety else {
            throw RewardModelError.badHeads(file: file)
        }
        self.init(
            heads: try RewardHeads(
                layout: layout, width: model.configuration.width,
                file: folder.appending(path: RewardHeads.fileName)), members: members, combined: combined)
    }

    /// What `plumb.json` says of them.
    func details() throws -> [String: JSONValue] {
        var details: [String: JSONValue] = ["heads": try JSONValue(encoding: heads.layout)]
        if !members.isEmpty { details["member_normalisations"] = try JSONValue(encoding: members) }
        if let combined { details["combined_normalisation"] = try JSONValue(encoding: combined) }
        // As the formulas have it, for whoever makes probabilities of the scores without reading the heads' file.
        switch heads.tieModel {
        case .none: break
        case .davidson(let logWeight): details["tie_weight"] = .number(exp(logWeight))
        case .raoKupper(let parameter): details["tie_threshold"] = .number(softplus(parameter))
        }
        return details
    }
}
