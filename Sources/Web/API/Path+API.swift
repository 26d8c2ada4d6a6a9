extension Path {
    /// The start of the API's addresses.
    public static let api = "/api/v1"
    /// The description of the API for machines.
    public static let apiDescription = "/api/v1/openapi.json"
}
