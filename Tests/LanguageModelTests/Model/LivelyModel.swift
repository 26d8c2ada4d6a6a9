import LanguageModel
import SeededRandom

/// A random model whose weights are large enough for every part to matter.
func lively(_ configuration: ModelConfiguration) throws -> Transformer {
    let model = try Transformer(configuration: configuration, seed: 11)
    for entry in model.table.entries {
        let values = randomValues(entry.count, seed: UInt64(entry.offset), scale: 0.25)
        let centre: Float = entry.shape.count == 1 && entry.name.hasSuffix(".weight") ? 1 : 0
        try model.setTensor(entry.name, values.map { $0 + centre })
    }
    return model
}

/// Groups of random tokens: a prompt's length and its responses' each.
func randomGroups(_ configuration: ModelConfiguration, shapes: [(Int, [Int])]) -> [TokenGroup] {
    var random = SplitMix64(seed: 31)
    func tokens(_ count: Int) -> [Int32] {
        (0..<count).map { _ in Int32(random.nextIndex(below: configuration.vocabularySize)) }
    }
    return shapes.map { prompt, responses in
        TokenGroup(prompt: tokens(prompt), responses: responses.map { tokens($0) })
    }
}
