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
    /// The finished points of the learning curve; nil where none is yet.
    var curve: [LearningCurve.Point]?

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

/// Weights with the lowest held-out log-loss so far.
struct BestWeights {
    let model: FloatBuffer
    let heads: FloatBuffer

    init(_ trainer: RewardTrainer) {
        model = trainer.model.makeGradients()
        heads = FloatBuffer(count: trainer.headGradients.count)
    }

    func keep(_ trainer: RewardTrainer) {
        model.copy(from: trainer.model.parameters)
        if let values = trainer.heads?.values { heads.copy(from: values) }
    }

    func putBack(into trainer: RewardTrainer) {
        trainer.model.parameters.copy(from: model)
        trainer.heads?.values.copy(from: heads)
    }
}

/// The files of a checkpoint.
enum TrainingCheckpoint {
    private static let modelName = "model"
    private static let bestName = "best"
    private static let optimiserName = "optimiser.safetensors"
    private static let headOptimiserName = "heads-optimiser.safetensors"
    private static let thresholdOptimiserName = "thresholds-optimiser.safetensors"
    private static let stateName = "state.json"

    static func write(_ state: TrainingState, trainer: RewardTrainer, best: BestWeights, to folder: URL) throws {
        try save(trainer.model, trainer.heads?.values, of: trainer.heads, to: folder.appending(path: modelName))
        if state.bestStep != nil {
            let twin = trainer.model.copy()
            twin.parameters.copy(from: best.model)
            try save(twin, best.heads, of: trainer.heads, to: folder.appending(path: bestName))
        }
        try trainer.optimiser.save(to: folder.appending(path: optimiserName))
        try trainer.headOptimiser?.save(to: folder.appending(path: headOptimiserName))
        try trainer.thresholdOptimiser?.adam.save(to: folder.appending(path: thresholdOptimiserName))
        try DurableFile.writeJSON(state, to: folder.appending(path: stateName))
    }

    /// Puts weights, moments and the best weights back.
    /// - Throws: `RewardModelError.olderCheckpoint`, file-system errors.
    static func restore(from folder: URL, trainer: RewardTrainer, best: BestWeights) throws -> TrainingState {
        let thresholdFile = folder.appending(path: thresholdOptimiserName)
        guard trainer.thresholdOptimiser == nil || FileManager.default.fileExists(atPath: thresholdFile.path) else {
            throw RewardModelError.olderCheckpoint(folder: folder.path)
        }
        let data = try Data(contentsOf: folder.appending(path: stateName))
        let state = try JSONDecoder().decode(TrainingState.self, from: data)
        try load(trainer.model.parameters, trainer.heads?.values, of: trainer.heads, folder.appending(path: modelName))
        if state.bestStep != nil {
            try load(best.model, best.heads, of: trainer.heads, folder.appending(path: bestName))
        }
        try trainer.optimiser.load(from: folder.appending(path: optimiserName))
        try trainer.headOptimiser?.load(from: folder.appending(path: headOptimiserName))
        try trainer.thresholdOptimiser?.adam.load(from: thresholdFile)
        return state
    }

    private static func save(
        _ model: Transformer, _ values: FloatBuffer?, of heads: RewardHeads?, to folder: URL
    ) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Checkpoint.save(model, to: folder)
        if let heads, let values {
            try TensorFile.write(values, table: heads.table, to: folder.appending(path: RewardHeads.fileName))
        }
    }

    private static func load(
        _ parameters: FloatBuffer, _ values: FloatBuffer?, of heads: RewardHeads?, _ folder: URL
    ) throws {
        parameters.copy(from: try Checkpoint.load(folder).parameters)
        if let heads, let values {
            values.copy(
                from: try TensorFile.read(folder.appending(path: RewardHeads.fileName), table: heads.table))
        }
    }
}
