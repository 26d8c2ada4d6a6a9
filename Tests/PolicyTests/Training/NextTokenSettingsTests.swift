import Policy
import Testing

@Suite struct NextTokenSettingsTests {
    @Test func `numbers that no plan can hold are an error that names the setting`() {
        let changes: [(String, (inout NextTokenSettings) -> Void)] = [
            ("epochs", { $0.epochs = .max }), ("steps", { $0.steps = .max }),
            ("tokens_per_step", { $0.tokensPerStep = .max }), ("epsilon", { $0.epsilon = 1e-60 }),
        ]
        for (field, change) in changes {
            var settings = NextTokenSettings.supervised
            change(&settings)
            #expect {
                try settings.validate()
            } throws: { "\($0)".hasPrefix("\(field):") }
        }
        #expect(throws: Never.self) { try NextTokenSettings.pretraining.validate() }
    }

    @Test func `a model shape whose sizes would overflow is an error that names the size`() {
        #expect {
            try ModelShape(width: 1 << 40, heads: 1 << 20, keyValueHeads: 1 << 20).validate()
        } throws: { "\($0)".hasPrefix("model.width:") }
    }
}
