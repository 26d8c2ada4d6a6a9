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
        let model = refresh.policy.model
        try model.saveTrained(to: folder.appending(path: policyFolder))
        let copy = model.copy()
        copy.setTrained(refresh.good)
        try copy.saveTrained(to: folder.appending(path: goodFolder))
        if let average = refresh.average {
            copy.setTrained(average)
            try copy.saveTrained(to: folder.appending(path: averageFolder))
        }
        try refresh.policy.optimiser.save(to: folder.appending(path: policyMoments))
        switch refresh.value {
        case .none: break
        case .separate(let network):
            try Checkpoint.save(network.model, to: folder.appending(path: valueFolder), as: .float32)
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
        let model = refresh.policy.model
        let copy = model.copy()
        try copy.loadTrained(from: folder.appending(path: goodFolder))
        refresh.good.copy(from: copy.trainedParameters)
        if let average = refresh.average {
            try copy.loadTrained(from: folder.appending(path: averageFolder))
            average.copy(from: copy.trainedParameters)
        }
        try model.loadTrained(from: folder.appending(path: policyFolder))
        try refresh.policy.optimiser.load(from: folder.appending(path: policyMoments))
        switch refresh.value {
        case .none: break
        case .separate(let network):
            network.model.parameters.copy(from: try Checkpoint.load(folder.appending(path: valueFolder)).parameters)
            try network.optimiser.load(from: folder.appending(path: valueMoments))
        case .shared(let head):
            let data = try Data(contentsOf: folder.appending(path: valueHead))
            head.parameters.store(try JSONDecoder().decode([Float].self, from: data), at: 0)
            try head.optimiser.load(from: folder.appending(path: valueMoments))
        }
    }
}
