import DataSources
import Settings

extension ServerAddress {
    /// A server by its socket, or by host and port. Which of them is the default depends on the engine; naming one of the two
    /// ways switches the other off.
    init(_ fields: Fields, _ standard: ServerAddress, socket help: String) {
        let namesHost = fields.has("host") || fields.has("port")
        let usesSocket = fields.has("socket") || standard.socket != nil && !namesHost
        let socket = fields.optional(
            "socket", .path, help: "\(help); not with host or port", default: usesSocket ? standard.socket : nil)
        // A schema says the defaults of whichever way is the engine's own.
        let host = fields.optional(
            "host", .line, help: "host name or address", default: usesSocket ? nil : standard.host)
        let port = fields.optional(
            "port", .integer(1...65_535), help: "TCP port; the engine's own by default",
            default: usesSocket ? nil : standard.port)
        if fields.has("socket"), namesHost {
            fields.problem(
                "socket", message: "is given beside \(fields.has("host") ? "host" : "port")",
                hint: "a server is reached by its socket, or by host and port")
        }
        self.init(socket: usesSocket ? socket : nil, host: host ?? standard.host, port: port)
    }
}
