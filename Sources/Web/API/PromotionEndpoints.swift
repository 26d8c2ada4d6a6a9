import HTTPTypes
import Hummingbird
import JSON
import Labels

/// Comparisons of a policy with the current one by people, and the decision whether it goes live.
enum PromotionEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/promotions", operation: "listPromotions",
            summary: "Comparisons of policies that decide what goes live, the newest first.", access: .lead,
            answers: [.json(.ok, .array(.reference("Promotion")))]
        ) { call in
            try .json(.array(try await call.store.promotions(try call.id("project")).map(json)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/promotions", operation: "startPromotion",
            summary: "Begins a blind comparison of a policy with the current one on held-out prompts.", access: .lead,
            body: .json(
                .object([
                    .required("candidate", .integer("The policy that may go live.")),
                    .optional("incumbent", .integer("What it is compared with; the current policy unless given.")),
                    .optional("pairs", .integer("At most so many pairs; 100 unless given.", from: 1, to: 100_000)),
                    .optional("temperature", .number("Of both; 1 unless given.", from: 0, to: 10)),
                    .optional(
                        "worthwhile", .number("The smallest win rate worth it; 0.5 unless given.", from: 0.5, to: 1)),
                    .optional("label_use", labelUse), .optional("seed", .integer("Drawn unless given.", from: 0)),
                ])), answers: [.json(.created, .reference("Promotion"))]
        ) { call in
            func policy(_ name: String) -> PolicyID? {
                call.body[name]?.integerValue.map { PolicyID(rawValue: Int64($0)) }
            }
            guard let candidate = policy("candidate") else {
                throw APIFailure.invalid("Name the policy that may go live.", field: "candidate")
            }
            let promotion = try await call.store.startPromotion(
                NewPromotion(
                    candidate: candidate, incumbent: policy("incumbent"),
                    temperature: call.body["temperature"]?.doubleValue ?? 1,
                    pairs: call.body["pairs"]?.integerValue ?? 100,
                    worthwhile: call.body["worthwhile"]?.doubleValue ?? 0.5,
                    labelUse: call.body["label_use"]?.stringValue.flatMap(LabelUse.init) ?? .none,
                    seed: call.body["seed"]?.integerValue.map { UInt64($0) } ?? UInt64.random(in: 0..<(1 << 53))),
                in: try call.id("project"), by: try call.actor)
            return try .json(json(try await call.store.promotion(promotion.id)), status: .created)
        },
        APIEndpoint(
            method: .get, path: Path.api + "/promotions/{promotion}", operation: "getPromotion",
            summary: "How a comparison stands: the win rate with bounds that hold at all times at once, and advice.",
            access: .lead, answers: [.json(.ok, .reference("Promotion"))]
        ) { call in
            try .json(json(try await call.store.promotion(try call.id("promotion"))))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/promotions/{promotion}/pairs", operation: "extendPromotion",
            summary: "Asks for more pairs.", access: .lead,
            body: .json(.object([.required("pairs", .integer(from: 1, to: 100_000))])),
            answers: [.json(.ok, .reference("Promotion"))]
        ) { call in
            let standing = try await call.store.extendPromotion(
                try call.id("promotion"), by: call.body["pairs"]?.integerValue ?? 0, actor: try call.actor)
            return try .json(json(standing))
        },
        APIEndpoint(
            method: .put, path: Path.api + "/promotions/{promotion}/label-use", operation: "setPromotionLabelUse",
            summary: "What its labels may be used for besides the decision, from the next snapshot on.", access: .lead,
            body: .json(.object([.required("label_use", labelUse)])),
            answers: [.json(.ok, .reference("Promotion"))]
        ) { call in
            let id: PromotionID = try call.id("promotion")
            let use = call.body["label_use"]?.stringValue.flatMap(LabelUse.init) ?? .none
            try await call.store.setLabelUse(use, of: id, by: try call.actor)
            return try .json(json(try await call.store.promotion(id)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/promotions/{promotion}/decision", operation: "decidePromotion",
            summary: "Promotes the policy, which makes it current, or discards it; who decided is recorded.",
            access: .lead,
            body: .json(.object([.required("decision", .choice(PromotionDecision.allCases.map(\.rawValue)))])),
            answers: [.json(.ok, .reference("Promotion"))]
        ) { call in
            let id: PromotionID = try call.id("promotion")
            guard let decision = call.body["decision"]?.stringValue.flatMap(PromotionDecision.init) else {
                throw APIFailure.invalid("Decide “promote” or “discard”.", field: "decision")
            }
            _ = try await PromotionPages.decide(id, decision, by: try call.user.id, call.services)
            return try .json(json(try await call.store.promotion(id)))
        },
    ]

    private static let labelUse = Schema.choice(
        LabelUse.allCases.map(\.rawValue),
        "none: for the decision alone; measure: snapshots hold them out; learn: as any other label.")

    private static func json(_ standing: PromotionStanding) -> JSONValue {
        let promotion = standing.promotion
        return [
            "id": APIEncoding.id(promotion.id), "project": APIEncoding.id(promotion.project),
            "candidate": APIEncoding.id(promotion.candidate.id), "incumbent": APIEncoding.id(promotion.incumbent.id),
            "temperature": .number(promotion.temperature), "worthwhile": .number(promotion.worthwhile),
            "pairs_wanted": .integer(promotion.pairsWanted), "pairs_sampled": .integer(standing.sampled),
            "pairs_identical": .integer(standing.identical), "pairs_decided": .integer(standing.decided),
            "seed": .string(String(promotion.seed)), "label_use": .string(promotion.labelUse.rawValue),
            "win_rate": APIEncoding.number(standing.newest?.winRate),
            "win_rate_low": APIEncoding.number(standing.newest?.interval.lowerBound),
            "win_rate_high": APIEncoding.number(standing.newest?.interval.upperBound),
            "advice": .string(standing.advice.rawValue), "started_by": .string(promotion.startedBy),
            "started_at": APIEncoding.time(promotion.startedAt),
            "decision": APIEncoding.text(promotion.decision?.rawValue),
            "advice_then": APIEncoding.text(promotion.adviceThen?.rawValue),
            "decided_by": APIEncoding.text(promotion.decidedBy), "decided_at": APIEncoding.time(promotion.decidedAt),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "Promotion",
            .object([
                .required("id", .integer()), .required("project", .integer()), .required("candidate", .integer()),
                .required("incumbent", .integer()), .required("temperature", .number()),
                .required("worthwhile", .number("The smallest win rate worth it.")),
                .required("pairs_wanted", .integer()), .required("pairs_sampled", .integer()),
                .required("pairs_identical", .integer("Of two equal texts: ties that nobody needs to look at.")),
                .required("pairs_decided", .integer()),
                .required("seed", .string("A whole number, as a text, so that no client rounds it.")),
                .required("label_use", labelUse),
                .required("win_rate", .number("Of the candidate; a tie is half a win.").orNull),
                .required("win_rate_low", .number("Of a 95% confidence sequence: looking early is allowed.").orNull),
                .required("win_rate_high", .number().orNull),
                .required("advice", .choice(PromotionAdvice.allCases.map(\.rawValue))),
                .required("started_by", .string()), .required("started_at", .time()),
                .required("decision", .string("promote or discard; null while it is open.").orNull),
                .required("advice_then", .string("What was advised when it was decided.").orNull),
                .required("decided_by", .string().orNull), .required("decided_at", .time().orNull),
            ])
        )
    ]
}
