import Foundation
import JSON
import LanguageModel
import Preferences
import Runs

/// From trained weights to the folder of a reward model: figures, normalisations, lineage and card.
struct RewardModelOutput {
    let run: RewardModelRun
    let loop: TrainingLoop
    let state: TrainingState

    private var attempt: RunAttempt { run.attempt }
    private var data: RewardDataset { run.data }
    private var settings: RewardModelSettings { run.settings }
    private var model: Transformer { loop.trainer.model }

    func write() throws -> JobOutcome {
        let training = try loop.evaluation(of: data.training, step: state.step)
        let heldOut = data.reported.isEmpty ? nil : try loop.evaluation(of: data.reported, step: state.step)
        let normalisation: Normalisation
        let heads: NormalisedHeads?
        (normalisation, heads) = try normalise()
        let folder = attempt.outputURL.appending(path: RewardModelJob.folderName)
        try attempt.requireRoom(for: Int64(4 * model.parameters.count), at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Checkpoint.save(model, to: folder)
        try heads?.heads.write(to: folder)
        try TokenizerFiles.copy(from: run.baseFolder, to: folder)
        let headFigures = try figures(of: heads, normalisation)
        let metrics = try RewardModelReport(
            data: data, state: state, training: training, heldOut: heldOut, longerIsBetter: run.longerIsBetter,
            normalisation: normalisation
        ).metrics().merging(headFigures?.metrics ?? [:]) { own, _ in own }
        try writeLineage(to: folder, metrics: metrics, normalisation: normalisation, heads: heads)
        var notes = data.notes
        if state.step < loop.plan.totalSteps {
            notes.append("Training stopped after \(state.step) steps, because the held-out log-loss no longer fell.")
        }
        try writeCard(
            to: folder, heldOut: heldOut, normalisation: normalisation, heads: heads, figures: headFigures, notes: notes
        )
        return JobOutcome(
            folders: [RewardModelJob.folderName: RewardModelJob.folderName], metrics: metrics, notes: notes)
    }

    private func writeLineage(
        to folder: URL, metrics: [String: JSONValue], normalisation: Normalisation, heads: NormalisedHeads?
    ) throws {
        var details: [String: JSONValue] = [
            "normalisation": try JSONValue(encoding: normalisation),
            "held_out_history": try JSONValue(encoding: state.history),
            "terminal_rule": .string(RewardModelReport.terminalRule),
        ]
        if let heads { details.merge(try heads.details()) { _, own in own } }
        var lineage = Lineage(
            specification: attempt.specification, snapshot: try Digest.file(run.dataFile), metrics: metrics,
            processor: Machine.processor, blas: Machine.blas, details: .object(details))
        lineage.settings = try JSONValue(encoding: settings)
        try lineage.write(to: folder)
    }

    private func writeCard(
        to folder: URL, heldOut: RewardEvaluation?, normalisation: Normalisation, heads: NormalisedHeads?,
        figures: HeadFigures?, notes: [String]
    ) throws {
        let groups = data.reported.map(\.tokens)
        let members = heads.flatMap { $0.members.isEmpty ? nil : $0 }
        let card = CardWriting(
            data: data, heldOut: heldOut, longerIsBetter: run.longerIsBetter,
            scores: try loop.finiteScores(of: groups, step: state.step),
            ensemble: try members.map { try scorer(normalisation, $0).ensembleScores(of: groups) },
            ties: loop.trainer.tieModel, heads: figures, curve: (state.curve ?? []).filter { $0.groups > 0 },
            reliability: run.reliability, weighsByReliability: settings.reliabilityWeights, notes: notes
        ).card()
        try DurableFile.write(try card.json(), to: folder.appending(path: RewardCard.fileName))
        try DurableFile.write(
            Data(card.markdown(title: folder.lastPathComponent).utf8), to: folder.appending(path: RewardCard.textName))
    }

    /// What safety and rating heads say of held-out labels; nil without such a head.
    private func figures(of heads: NormalisedHeads?, _ normalisation: Normalisation) throws -> HeadFigures? {
        guard let heads, heads.heads.layout.safety || heads.heads.layout.rating else { return nil }
        let examples = data.reported + data.heldOutMarked
        return HeadFigures(
            examples, scores: try scorer(normalisation, heads).headScores(of: examples.map(\.tokens)),
            training: data.training)
    }

    private func scorer(_ normalisation: Normalisation, _ heads: NormalisedHeads?) -> RewardScorer {
        RewardScorer(
            model: model, normalisation: normalisation, heads: heads, pool: run.pool,
            tokensPerPass: settings.tokensPerPass)
    }

    /// Fits the normalisations of all heads to samples of the reference policy, or to demonstrations.
    private func normalise() throws -> (Normalisation, NormalisedHeads?) {
        let groups = settings.normalisation == .demonstrations ? try demonstrations() : try samples()
        let logits = try loop.finiteScores(of: groups, step: state.step).flatMap { $0 }
        let own = try Normalisation.fitted(to: logits, settings.normalisation)
        guard let heads = loop.trainer.heads else { return (own, nil) }
        let bare = NormalisedHeads(heads: heads, members: [], combined: nil)
        let byGroup = try scorer(.identity, bare).headScores(of: groups)
        let all = byGroup.flatMap { $0 }
        let members =
            heads.layout.members > 1
            ? try (0..<heads.layout.members).map { member in
                try Normalisation.fitted(to: all.map { $0.members[member] }, settings.normalisation)
            } : []
        let combined = zip(groups, byGroup).flatMap { group, scores in
            let isAboutSafety = data.safetyPrompts.contains(group.prompt)
            return scores.compactMap { $0.combined(promptIsAboutSafety: isAboutSafety) }
        }
        return (
            own,
            NormalisedHeads(
                heads: heads, members: members,
                combined: combined.isEmpty ? nil : try Normalisation.fitted(to: combined, settings.normalisation))
        )
    }

    private func samples() throws -> [TokenGroup] {
        let samples = ReferenceSamples(
            policy: run.base, endTokens: run.template.endTokenIDs, settings: settings,
            seed: RandomStream.samples.seed(of: attempt.specification.seed), pool: run.pool)
        return try samples.draw(prompts: data.prompts) { drawn in
            try attempt.metrics.write([
                "phase": "normalisation", "samples": .integer(drawn),
                "samples_wanted": .integer(settings.referenceSamples),
            ])
            if attempt.shouldStop {
                throw JobStopped("Stopped after training, which is in the checkpoint of step \(state.step).")
            }
        }
    }

    /// What people wrote, as groups of one response each; those that do not fit the model are left out.
    private func demonstrations() throws -> [TokenGroup] {
        struct Line: Decodable {
            let prompt: Prompt
            let response: String
        }
        let file = try attempt.run.inputFile("demonstrations.jsonl")
        var groups: [TokenGroup] = []
        try JSONLines.forEach(Line.self, in: Data(contentsOf: file), file: file.lastPathComponent) { _, line in
            let group = TokenGroup(
                prompt: try run.template.tokens(of: line.prompt),
                responses: [run.template.response(text: line.response)])
            if !group.prompt.isEmpty, group.tokenCount <= model.configuration.contextLength { groups.append(group) }
        }
        guard !groups.isEmpty else { throw RewardModelError.noDemonstrations }
        return groups
    }
}
