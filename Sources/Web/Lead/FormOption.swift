/// What can be chosen in a list of a lead's form.
struct FormOption: Sendable {
    var value: String
    var label: String
    var isSelected = false
}

extension [FormOption] {
    /// Selects the option of this value alone; none where there is no such option.
    mutating func select(_ value: String) {
        for index in indices { self[index].isSelected = self[index].value == value }
    }
}
