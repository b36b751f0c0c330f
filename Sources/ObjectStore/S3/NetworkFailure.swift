import CCurl

/// Turns what libcurl reports into a `StoreError`.
enum NetworkFailure {
    static func error(_ failure: TransferFailure, subject: String, settings: S3Settings) -> StoreError {
        switch failure {
        case .cancelled: .cancelled(subject)
        case .tooLarge:
            StoreError(
                .corrupt, "the server sent more than it was asked for", subject: subject,
                hint: "is this the address of an S3 server?")
        case .network(let code, let text): error(CURLcode(code), text, subject: subject, settings: settings)
        }
    }

    private static func error(_ code: CURLcode, _ text: String, subject: String, settings: S3Settings) -> StoreError {
        let endpoint = settings.endpoint
        switch code {
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return StoreError(
                .tlsUntrusted, "the certificate of \(endpoint.host) is not trusted: \(lowered(text))", subject: subject,
                hint: "if it is signed by an authority of your own, give its PEM file as the CA file")
        case CURLE_SSL_CACERT_BADFILE:
            return StoreError(
                .invalidConfiguration, "the CA file \(settings.certificateFile ?? "") cannot be used", subject: subject,
                hint: "it must be a readable PEM file")
        case CURLE_SSL_CONNECT_ERROR where isPlain(text):
            return StoreError(
                .tlsUntrusted, "the server does not answer with TLS", subject: subject,
                hint: "is it the right port? a server without TLS is addressed with http://")
        case CURLE_SSL_CONNECT_ERROR where !isInterrupted(text), CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM:
            return StoreError(
                .tlsUntrusted, "no agreement with the server on TLS: \(lowered(text))", subject: subject,
                hint: "TLS 1.2 or later is needed")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            return StoreError(
                .invalidConfiguration, "\(endpoint.host) does not speak HTTP: \(lowered(text))", subject: subject,
                hint: "check the address and its port; is it an S3 server?")
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return StoreError(
                .unreachable, lowered(text), subject: subject,
                hint: "check the name of the host, and DNS on this machine",
                isTransient: true)
        case CURLE_COULDNT_CONNECT:
            return StoreError(
                .unreachable, lowered(text), subject: subject, hint: "is the server up, and the port right?",
                isTransient: true)
        case CURLE_PARTIAL_FILE:
            return StoreError(
                .unreachable, "the answer ended before all of it was there: \(lowered(text))", subject: subject,
                isTransient: true)
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT:
            return StoreError(.failed, lowered(text), subject: subject, isTransient: true)
        default:
            let hint = code == CURLE_GOT_NOTHING && !endpoint.isSecure ? "does the server want https?" : ""
            return StoreError(.unreachable, lowered(text), subject: subject, hint: hint, isTransient: true)
        }
    }

    /// OpenSSL's words for an answer that is no TLS.
    private static func isPlain(_ text: String) -> Bool {
        ["wrong version number", "http request", "packet length too long"].contains { text.contains($0) }
    }

    /// A handshake that broke off, which may go well next time.
    private static func isInterrupted(_ text: String) -> Bool {
        ["SSL_ERROR_SYSCALL", "unexpected eof", "reset by peer", "SSL_ERROR_ZERO_RETURN"].contains { text.contains($0) }
    }

    /// The text with a small letter in front, unless it begins with an abbreviation such as SSL.
    private static func lowered(_ text: String) -> String {
        guard let second = text.dropFirst().first, second.isLowercase else { return text }
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
