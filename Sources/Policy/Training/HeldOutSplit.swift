import LanguageModel
import Preferences

/// What must not be on both sides of the cut: a document with all its pieces, a prompt with all its demonstrations.
struct TrainingSource {
    /// By what it is known in every run: a hash of the document's text, or of how the prompt's conversation began.
    let key: String
    var examples: [TokenGroup]

    /// Puts together what has the same key, in the order of the first of each.
    static func joined(_ parts: [(key: String, examples: [TokenGroup])]) -> [TrainingSource] {
        var places: [String: Int] = [:]
        var sources: [TrainingSource] = []
        for part in parts {
            if let place = places[part.key] {
                sources[place].examples += part.examples
            } else {
                places[part.key] = sources.count
                sources.append(TrainingSource(key: part.key, examples: part.examples))
            }
        }
        return sources
    }
}

/// Which sources are never trained on: those whose keys have the lowest hashes, whatever the run's seed, so that the losses
/// of two runs are of the same examples. Where sources are added, one that was trained on is not held out later, but
/// where there were too few before to hold any out.
package struct HeldOutSplit {
    /// What a source is, and so how many it takes before some can be spared.
    package enum Kind: Sendable {
        /// Prompts with what is to be answered: written by people, and few. Three at least are held out, of twenty or more.
        case prompts
        /// Documents of a corpus, of which there are many: one at least where the share asks for one.
        case documents

        /// As for reward models: fewer cannot spare any.
        static let fewestPrompts = 20

        fileprivate var fewest: Int { self == .prompts ? 3 : 1 }

        fileprivate func canSpareSome(of count: Int, share: Double) -> Bool {
            self == .prompts ? count >= Self.fewestPrompts : Double(count) * share >= 1
        }
    }

    /// Indices of sources, by hash.
    package let heldOut: [Int]
    /// Indices of sources in their own order, at least one.
    package let training: [Int]
    /// Why nothing is held out, as a sentence; nil where something is.
    package let note: String?

    /// - Parameters:
    ///   - keys: of the sources, each once.
    ///   - sizes: examples of each source.
    ///   - share: of the sources that is to be held out.
    ///   - limit: examples after which no further source is held out.
    package init(keys: [String], sizes: [Int], share: Double, limit: Int, of kind: Kind) {
        precondition(keys.count == sizes.count, "a size for each key")
        var cut = 0
        let places = keys.map { StableHash.unit($0) }
        let order = keys.indices.sorted { (places[$0], keys[$0]) < (places[$1], keys[$1]) }
        if share > 0, kind.canSpareSome(of: keys.count, share: share) {
            let wanted = max(places.count { $0 < share }, kind.fewest)
            var taken = 0
            while cut < wanted, cut + 1 < order.count, taken < limit {
                taken += sizes[order[cut]]
                cut += 1
            }
        }
        heldOut = Array(order[..<cut])
        training = order[cut...].sorted()
        note = cut > 0 ? nil : Self.note(of: keys.count, share: share, limit: limit, kind)
    }

    private static func note(of count: Int, share: Double, limit: Int, _ kind: Kind) -> String {
        let why: String =
            if share == 0 {
                "as was asked (held_out_share is 0)"
            } else if limit == 0 {
                "as was asked (held_out_limit is 0)"
            } else if kind == .prompts {
                "because \(Wording.count(count, "different prompt is", "different prompts are")) too few to spare any "
                    + "(\(Kind.fewestPrompts) are needed)"
            } else {
                "because \(Wording.count(count, "different document is", "different documents are")) too few for a "
                    + "share of \(share)"
            }
        return "Nothing was held out, \(why), so no loss tells what was learnt from what was learnt by heart."
    }
}
