import Runbooks
import Settings

extension Contact {
    /// Reads one; somebody who can be reached in no way is refused.
    init(_ fields: Fields) {
        self.init(
            role: fields.required("role", .line, help: "what they are called for: on call, data protection officer"),
            name: fields.required("name", .line, help: "who it is"),
            phone: fields.optional("phone", .line, help: "as it is dialled"),
            mail: fields.optional("mail", .line, help: "address of e-mail"))
        if phone == nil, mail == nil, !fields.isPlaceholder {
            fields.problem(at: [], message: "can be reached in no way", hint: "give `phone`, `mail`, or both")
        }
    }
}
