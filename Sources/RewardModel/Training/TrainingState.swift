import Foundation
import LanguageModel
import Runs

/// Where training stands; with weights, moments and the best weights so far it is a whole checkpoint.
struct TrainingState: Codable, Equatable {
    var step = 0
    var bestStep: Int?
    var bestLogLoss: Double?
    /// Looks at the held-out groups since the best one.
    var looksWithoutGain = 0
    /// Held-out log-loss by step.
    var history: [Look] = []

    struct Look: Codable, Equatable {
        var step: Int
        var logLoss: Double
        var accuracy: Double
    }

    /// Notes a look at the held-out groups.
    /// - Returns: whether it is the best so far.
    mutating func record(logLoss: Double, accuracy: Double) -> Bool {
        history.append(Look(step: step, logLoss: logLoss, accuracy: accuracy))
        // Said this way round, a log-loss that is no number is never the best.
        guard logLoss < bestLogLoss ?? .infinity else {
            looksWithoutGain += 1
            return false
        }
        bestLogLoss = logLoss
        bestStep = step
        looksWithoutGain = 0
        return true
    }
}

/// The files of a checkpoint.
enum TrainingCheckpoint {
    private static let modelName = "model"
    private static let bestName = "best"
    private static let optimiserName = "optimiser.safetensors"
    private static let stateName = "state.json"

    static func write(_ state: TrainingState, trainer: RewardTrainer, best: FloatBuffer, to folder: URL) throws {
        try save(trainer.model, to: folder.appending(path: modelName))
        if state.bestStep != nil {
            let twin = trainer.model.copy()
            twin.parameters.copy(from: best)
            try save(twin, to: folder.appending(path: bestName))
        }
        try trainer.optimiser.save(to: folder.appending(path: optimiserName))
        try DurableFile.writeJSON(state, to: folder.appending(path: stateName))
    }

    /// Puts weights, moments and the best weights back.
    static func restore(from folder: URL, trainer: RewardTrainer, best: FloatBuffer) throws -> TrainingState {
        let data = try Data(contentsOf: folder.appending(path: stateName))
        let state = try JSONDecoder().decode(TrainingState.self, from: data)
        trainer.model.parameters.copy(from: try Checkpoint.load(folder.appending(path: modelName)).parameters)
        if state.bestStep != nil {
            best.copy(from: try Checkpoint.load(folder.appending(path: bestName)).parameters)
        }
        try trainer.optimiser.load(from: folder.appending(path: optimiserName))
        return state
    }

    private static func save(_ model: Transformer, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Checkpoint.save(model, to: folder)
    }
}
