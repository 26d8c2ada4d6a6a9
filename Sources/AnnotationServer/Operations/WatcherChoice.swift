import Foundation
import JSON
package import Labels
import RewardModel
import Web

/// Whether a reward model may watch a refresh against another. What a policy finds in the errors of one is found in the
/// other's too where they learnt from the same labels, and the watcher would see nothing.
package struct WatcherChoice: Sendable {
    let store: Store

    package init(store: Store) { self.store = store }

    /// - Parameter isChosen: whether somebody chose the reward model; else it is the project's newest.
    /// - Throws: `OperationError` that says what to choose, or to train, instead.
    package func require(
        _ watcher: RewardModelRecord, watches rewardModel: RewardModelRecord, isChosen: Bool
    ) async throws {
        guard watcher.id != rewardModel.id else {
            guard isChosen else {
                throw OperationError(
                    .invalid,
                    "No reward model was chosen for the refresh, so it would be the newest, \(rewardModel.name), which is the "
                        + "watcher itself. Choose the one that the policy learns from as well: it must have learnt from the "
                        + "other half of the labels.", field: "reward_model")
            }
            throw OperationError(
                .invalid,
                "\(rewardModel.name) cannot watch itself: choose a reward model that learnt from the other half of the labels.",
                field: "watcher")
        }
        let halves = (try await labels(of: watcher), try await labels(of: rewardModel))
        guard halves.0 == .all || halves.1 == .all || halves.0 == halves.1 else { return }
        throw OperationError(
            .invalid,
            "\(watcher.name) cannot watch a refresh against \(rewardModel.name): \(watcher.name) learnt from "
                + "\(halves.0.words) and \(rewardModel.name) from \(halves.1.words), so they share labels, and what fools "
                + "one fools the other. Retrain the reward model twice, with labels = first-half and with labels = "
                + "second-half; refresh against one and let the other watch.", field: "watcher")
    }

    /// Whose prompts' labels a model learnt from, as the settings of its run say; all of them where they say nothing.
    private func labels(of model: RewardModelRecord) async throws -> LabelHalf {
        guard let run = model.run else { return .all }
        let settings = RunSettings.object(try await store.run(run).settings)
        return settings["labels"]?.stringValue.flatMap(LabelHalf.init(rawValue:)) ?? .all
    }
}

extension LabelHalf {
    fileprivate var words: String {
        switch self {
        case .all: "all labels"
        case .firstHalf: "the first half of the labels"
        case .secondHalf: "the second half of the labels"
        }
    }
}
