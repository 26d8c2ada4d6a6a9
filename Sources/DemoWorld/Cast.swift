/// A person of a story.
struct StoryCharacter: Sendable, Equatable {
    let name: String
    let isGirl: Bool

    static let all: [StoryCharacter] =
        ["Mia", "Ada", "Lily", "Rosa", "Nora", "Emma"].map { StoryCharacter(name: $0, isGirl: true) }
        + ["Tom", "Ben", "Oscar", "Leo", "Sam", "Jack"].map { StoryCharacter(name: $0, isGirl: false) }

    var noun: String { isGirl ? "girl" : "boy" }
    var subjectPronoun: String { isGirl ? "she" : "he" }
    var objectPronoun: String { isGirl ? "her" : "him" }
}

/// What somebody wrote to the person who asks for a polite reply.
enum Situation: String, CaseIterable, Codable, Sendable {
    case gift, invitation, dislike, opinion, loss
}

/// What a prompt fixes besides its subjects.
struct PromptDetail: Codable, Hashable, Sendable {
    var character: String?
    var relation: String?
    var situation: Situation?
    /// The poem that was sent, or the talk that one is invited to.
    var item: String?
    var goal: String?
    var wish: String?

    static let relations = ["friend", "neighbour", "cousin", "teacher", "classmate", "grandfather"]
    static let items = ["poem", "story", "song", "postcard", "film", "report"]
    static let events = ["talk", "play", "show", "lesson", "concert"]
    static let goals = ["draw", "paint", "write about", "talk about", "sing about", "learn about", "photograph"]
    static let wishes = ["like", "love", "be thankful for", "care about", "learn about"]
}

/// Who and what the slots of a sentence can stand for.
struct Cast: Sendable {
    var first: Subject
    var second: Subject?
    var detail: PromptDetail
    /// The people a story may be about: one when writing, all when reading a story whose prompt named nobody.
    var characters: [StoryCharacter]

    func subject(_ owner: Owner) -> Subject? { owner == .first ? first : second }

    /// What a slot can say that is not a fact, each with the person it speaks of.
    func words(for slot: Slot) -> [(text: String, character: StoryCharacter?)] {
        func fixed(_ text: String?) -> [(text: String, character: StoryCharacter?)] { text.map { [($0, nil)] } ?? [] }
        switch slot.name {
        case .generic: return fixed(subject(slot.owner)?.generic)
        case .definite: return fixed(subject(slot.owner)?.definite)
        case .name: return fixed(subject(slot.owner)?.name)
        case .some: return fixed(subject(slot.owner)?.some)
        case .all: return fixed(subject(slot.owner)?.all)
        case .character: return characters.map { ($0.name, $0) }
        case .she: return characters.map { ($0.subjectPronoun, $0) }
        case .her: return characters.map { ($0.objectPronoun, $0) }
        case .girl: return characters.map { ($0.noun, $0) }
        case .relation: return fixed(detail.relation)
        case .item, .event: return fixed(detail.item)
        case .goal: return fixed(detail.goal)
        case .wish: return fixed(detail.wish)
        default: return []
        }
    }
}
