/// Somebody to call in an emergency.
public struct Contact: Sendable, Hashable, Codable {
    /// What they are called for: `on call`, `data protection officer`.
    public var role: String
    /// Who it is.
    public var name: String
    /// As it is dialled; nil when there is none.
    public var phone: String?
    /// Address of e-mail; nil when there is none.
    public var mail: String?

    /// A contact; phone or mail, or both.
    public init(role: String, name: String, phone: String?, mail: String?) {
        self.role = role
        self.name = name
        self.phone = phone
        self.mail = mail
    }

    /// How they are reached: `+49 30 1234567, oncall@example.org`.
    public var reach: String { [phone, mail].compactMap { $0 }.joined(separator: ", ") }
}
