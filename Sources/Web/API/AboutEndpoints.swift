import HTTPTypes
import Labels

/// What the API is, and who is asking.
enum AboutEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.apiDescription, operation: "getDescription",
            summary: "This description of the API.", access: .anyone,
            answers: [.json(.ok, .any("An OpenAPI 3.1 document."))]
        ) { _ in
            try .json(
                OpenAPIDocument(
                    endpoints: APIList.endpoints, components: APIList.components, version: APIList.version
                ).json)
        },
        APIEndpoint(
            method: .get, path: Path.api + "/me", operation: "getMe",
            summary: "Whose token this is, and what it may do.", access: .annotator,
            answers: [.json(.ok, .reference("Person"))]
        ) { call in
            guard let access = call.access else { throw APIFailure.tokenNeeded }
            return try .json(PeopleEndpoints.json(access.user, role: access.role))
        },
    ]
}
