import LanguageModel

/// What says how good a state is, where a method asks.
package enum ValueNetwork {
    /// The method compares whole responses and asks nobody.
    case none
    /// A model of its own, which starts as the reward model.
    case separate(ValueLearner)
    /// A head on the policy's trunk.
    case shared(SharedValueHead)

    /// The model that starts as the reward model.
    var ofItsOwn: ValueLearner? {
        if case .separate(let network) = self { network } else { nil }
    }

    /// Values of the state before each response token: `[responses][tokens]`; nil where there is no value network.
    func values(of groups: [TokenGroup]) throws -> [[Double]]? {
        switch self {
        case .none: nil
        case .separate(let network): try network.values(of: groups)
        case .shared(let head): try head.values(of: groups)
        }
    }
}
