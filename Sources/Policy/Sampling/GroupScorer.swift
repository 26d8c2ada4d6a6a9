public import LanguageModel

/// Log-probabilities of given responses from the packed training pass, several groups a pass.
public final class GroupScorer {
    private let pass: PackedPass
    private let tokensPerPass: Int

    /// - Parameters:
    ///   - tokensPerPass: packed tokens a pass at most; a larger group gets a pass of its own.
    ///   - arena: memory that is shared with passes that run before and after.
    public init(
        model: Transformer, pool: WorkerPool, tokensPerPass: Int = 4096, arena: PassArena = PassArena()
    ) {
        pass = PackedPass(model: model, pool: pool, keepsActivations: false, arena: arena)
        self.tokensPerPass = tokensPerPass
    }

    /// ln p of every response token, nats at `temperature`: `[groups][responses][tokens]`.
    public func logProbabilities(of groups: [TokenGroup], temperature: Double = 1) throws -> [[[Double]]] {
        try scored(groups, temperature: temperature, wantsEntropies: false).logProbabilities
    }

    /// The same, and the entropy of the next-token distribution at each of those tokens, nats.
    public func logProbabilitiesAndEntropies(
        of groups: [TokenGroup], temperature: Double = 1
    ) throws -> (logProbabilities: [[[Double]]], entropies: [[[Double]]]) {
        try scored(groups, temperature: temperature, wantsEntropies: true)
    }

    private func scored(
        _ groups: [TokenGroup], temperature: Double, wantsEntropies: Bool
    ) throws -> (logProbabilities: [[[Double]]], entropies: [[[Double]]]) {
        var logProbabilities: [[[Double]]] = []
        var entropies: [[[Double]]] = []
        for range in passes(of: groups, tokenBudget: tokensPerPass) {
            let part = Array(groups[range])
            try pass.forward(part)
            let targets = pass.layout.responseTargets
            if wantsEntropies {
                let found = pass.logProbabilitiesAndEntropies(of: targets, temperature: Float(temperature))
                logProbabilities += targets.rows(of: found.logProbabilities, groups: part)
                entropies += targets.rows(of: found.entropies, groups: part)
            } else {
                let found = pass.logProbabilities(of: targets, temperature: Float(temperature))
                logProbabilities += targets.rows(of: found, groups: part)
            }
        }
        return (logProbabilities, entropies)
    }
}

extension PredictionTargets {
    /// Cuts numbers that come one a target into `[groups][responses][tokens]`, as Double.
    func rows(of numbers: [Float], groups: [TokenGroup]) -> [[[Double]]] {
        groups.indices.map { group in
            groups[group].responses.indices.map { response in
                numbers[range(group: group, response: response)].map(Double.init)
            }
        }
    }
}
