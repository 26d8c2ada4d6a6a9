import Foundation
import Labels
import Preferences
import Web

extension LiveServerOperations {
    func rewardCard(_ model: RewardModelID) async throws -> RewardCardFiles? {
        try await translated {
            let record = try await self.store.rewardModel(model)
            let folder = self.data.url.appending(path: record.path, directoryHint: .isDirectory)
            let file = folder.appending(path: RewardCard.fileName)
            guard FileManager.default.fileExists(atPath: file.path) else { return nil }
            let json = try Data(contentsOf: file)
            do {
                return RewardCardFiles(
                    card: try RewardCard(json: json), json: String(decoding: json, as: UTF8.self),
                    text: try String(contentsOf: folder.appending(path: RewardCard.textName), encoding: .utf8))
            } catch {
                throw OperationError(.unavailable, "The card of \(record.name) cannot be read (\(file.path)): \(error)")
            }
        }
    }
}
