package import Foundation
package import LanguageModel

extension PromptTemplate {
    /// Tokenizer and template of a model folder whose weights are loaded already.
    /// - Throws: `RewardModelError.foreignTokenizer` where the tokenizer has tokens that the model does not; what reading
    ///   the files throws.
    package init(folder: URL, fitting model: Transformer) throws {
        let tokenizer = try Tokenizer(folder: folder)
        guard tokenizer.vocabularySize <= model.configuration.vocabularySize else {
            throw RewardModelError.foreignTokenizer(
                folder: folder.path, tokens: tokenizer.vocabularySize,
                vocabularySize: model.configuration.vocabularySize)
        }
        try self.init(folder: folder, tokenizer: tokenizer)
    }
}
