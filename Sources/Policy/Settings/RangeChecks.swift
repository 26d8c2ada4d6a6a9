/// A range check that names the field.
func require(_ holds: Bool, _ field: String, _ reason: @autoclosure () -> String) throws(PolicyError) {
    if !holds { throw .badOption(field: field, reason: reason()) }
}

/// That each number is from 1 to its bound: no number from outside may overflow a product or fill the memory.
func requireCounts(_ counts: [(name: String, value: Int, most: Int)]) throws(PolicyError) {
    for (name, value, most) in counts {
        try require(value > 0, name, "\(value) is not a positive number")
        try require(value <= most, name, "\(value) is more than \(most)")
    }
}
