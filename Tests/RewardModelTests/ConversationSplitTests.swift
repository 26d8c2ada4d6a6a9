import Preferences
import RewardModel
import Testing

/// The later turns of a conversation hold the earlier ones with the answer that was preferred.
@Suite struct ConversationSplitTests {
    private let conversations = (0..<60).map { number -> (first: Prompt, later: Prompt) in
        let asked = PromptMessage(role: .user, content: "opening \(number)")
        let more = [PromptMessage(role: .assistant, content: "yes"), PromptMessage(role: .user, content: "and?")]
        return (.text("opening \(number)"), .messages([asked] + more))
    }

    @Test func aPromptsOpeningIsWhatItsConversationBeganWith() {
        for (first, later) in conversations { #expect(later.opening == first && first.opening == first) }
        let rules = PromptMessage(role: .system, content: "Be brief.")
        let asked = PromptMessage(role: .user, content: "Hi")
        let reply = PromptMessage(role: .assistant, content: "Hello")
        #expect(Prompt.messages([rules, asked, reply, asked]).opening == .messages([rules, asked]))
        #expect(Prompt.messages([asked]).opening == .text("Hi") && Prompt.fewShot("Hi").opening == .text("Hi"))
    }

    @Test func allTurnsAreOfOneHalf() {
        for (first, later) in conversations {
            #expect(LabelHalf.firstHalf.includes(first) == LabelHalf.firstHalf.includes(later))
            #expect(LabelHalf.firstHalf.includes(first) != LabelHalf.secondHalf.includes(later))
        }
        #expect(Set(conversations.map { LabelHalf.firstHalf.includes($0.first) }).count == 2)
    }

    @Test func allTurnsEitherChooseOrReport() {
        let halves = HeldOutHalves(conversations.flatMap { [$0.first, $0.later] })
        #expect(halves.areApart)
        for (first, later) in conversations {
            #expect(halves.selects(first) == halves.selects(later) && halves.reports(first) != halves.selects(later))
        }
    }
}
