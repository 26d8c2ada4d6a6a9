import Foundation
import LanguageModel
import Runs

/// A refresh on disk: weights, moments and state, from which a later attempt goes on to the same bytes.
enum RefreshCheckpoint {
    private static let policyFolder = "policy"
    private static let valueFolder = "value"
    private static let valueHead = "value-head.json"
    private static let goodFolder = "good"
    private static let averageFolder = "average"
    private static let policyMoments = "policy-optimiser.safetensors"
    private static let valueMoments = "value-optimiser.safetensors"
    private static let stateFile = "state.json"

    static func write(_ refresh: PolicyRefresh, to folder: URL) throws {
        try save(refresh.policy.model, to: folder.appending(path: policyFolder))
        try save(refresh.policy.model, weights: refresh.good, to: folder.appending(path: goodFolder))
        if let average = refresh.average {
            try save(refresh.policy.model, weights: average, to: folder.appending(path: averageFolder))
        }
        try refresh.policy.optimiser.save(to: folder.appending(path: policyMoments))
        switch refresh.value {
        case .none: break
        case .separate(let network):
            try save(network.model, to: folder.appending(path: valueFolder))
            try network.optimiser.save(to: folder.appending(path: valueMoments))
        case .shared(let head):
            let weights = head.parameters.array(0..<head.parameters.count)
            try DurableFile.writeJSON(weights, to: folder.appending(path: valueHead))
            try head.optimiser.save(to: folder.appending(path: valueMoments))
        }
        try DurableFile.writeJSON(refresh.state, to: folder.appending(path: stateFile))
    }

    /// The state alone, which a refresh is made with before its weights are read.
    static func state(in folder: URL) throws -> RefreshState {
        try JSONDecoder().decode(RefreshState.self, from: Data(contentsOf: folder.appending(path: stateFile)))
    }

    /// Puts weights and moments into a refresh that was made like the one that wrote them.
    static func restore(_ refresh: PolicyRefresh, from folder: URL) throws {
        func weights(_ name: String) throws -> FloatBuffer {
            try Checkpoint.load(folder.appending(path: name)).parameters
        }
        refresh.policy.model.parameters.copy(from: try weights(policyFolder))
        refresh.good.copy(from: try weights(goodFolder))
        if let average = refresh.average { average.copy(from: try weights(averageFolder)) }
        try refresh.policy.optimiser.load(from: folder.appending(path: policyMoments))
        switch refresh.value {
        case .none: break
        case .separate(let network):
            network.model.parameters.copy(from: try weights(valueFolder))
            try network.optimiser.load(from: folder.appending(path: valueMoments))
        case .shared(let head):
            let data = try Data(contentsOf: folder.appending(path: valueHead))
            head.parameters.store(try JSONDecoder().decode([Float].self, from: data), at: 0)
            try head.optimiser.load(from: folder.appending(path: valueMoments))
        }
    }

    private static func save(_ model: Transformer, weights: FloatBuffer? = nil, to folder: URL) throws {
        let written = weights == nil ? model : model.copy()
        if let weights { written.parameters.copy(from: weights) }
        try Checkpoint.save(written, to: folder, as: .float32)
    }
}
