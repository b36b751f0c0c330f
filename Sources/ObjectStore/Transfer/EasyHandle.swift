import CCurl
import Glibc

/// A libcurl easy handle and the header list it points to. Reused from transfer to transfer.
///
/// Safe: one owner, the lane's thread; the handle is freed after it has left the multi handle.
@safe final class EasyHandle {
    /// The handle's address as a number, to find it by.
    typealias Key = UInt

    let curl: UnsafeMutableRawPointer
    var key: Key { unsafe Key(bitPattern: curl) }
    private var headers: UnsafeMutablePointer<curl_slist>?
    private(set) var transfer: Transfer?
    private let errorText: UnsafeMutablePointer<CChar>

    init?() {
        guard let made = unsafe curl_easy_init() else { return nil }
        unsafe curl = made
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe headers = nil
    }

    deinit {
        unsafe curl_easy_cleanup(curl)
        unsafe curl_slist_free_all(headers)
        unsafe errorText.deallocate()
    }

    /// Sets everything for `transfer`. Settings of the last one are gone; its connections stay with the multi handle.
    func prepare(_ transfer: Transfer, _ settings: TransferSettings) {
        self.transfer = transfer
        let request = transfer.request
        unsafe curl_easy_reset(curl)
        unsafe errorText.pointee = 0
        unsafe lb_setopt_pointer(curl, CURLOPT_ERRORBUFFER, errorText)
        text(CURLOPT_URL, request.url)
        text(CURLOPT_PROTOCOLS_STR, "http,https")
        text(CURLOPT_USERAGENT, "lifeboat")
        text(CURLOPT_PROXY, settings.proxy ?? "")
        number(CURLOPT_PATH_AS_IS, 1)
        number(CURLOPT_NOSIGNAL, 1)
        number(CURLOPT_TCP_NODELAY, 1)
        number(CURLOPT_TCP_KEEPALIVE, 1)
        number(CURLOPT_HTTP_VERSION, lb_http_1_1)
        number(CURLOPT_SSLVERSION, lb_tls_1_2)
        number(CURLOPT_CONNECTTIMEOUT, settings.connectSeconds)
        number(CURLOPT_LOW_SPEED_LIMIT, 1)
        number(CURLOPT_LOW_SPEED_TIME, settings.stallSeconds)
        number(CURLOPT_BUFFERSIZE, 256 << 10)
        number(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
        if settings.isFresh {
            number(CURLOPT_FRESH_CONNECT, 1)
            number(CURLOPT_FORBID_REUSE, 1)
            number(CURLOPT_DNS_CACHE_TIMEOUT, 0)
        }
        if let file = settings.certificateFile {
            text(CURLOPT_CAINFO, file)
            unsafe lb_setopt_text(curl, CURLOPT_CAPATH, nil)
        }
        unsafe lb_setopt_close_on_exec(curl)
        prepareMethod(request)
        prepareHeaders(request)
        prepareCallbacks(transfer)
    }

    private func prepareMethod(_ request: HTTPRequest) {
        switch request.method {
        case "GET": number(CURLOPT_HTTPGET, 1)
        case "HEAD": number(CURLOPT_NOBODY, 1)
        case "PUT", "POST", "PATCH":
            number(CURLOPT_UPLOAD, 1)
            unsafe lb_setopt_size(curl, CURLOPT_INFILESIZE_LARGE, Int64(request.body.count))
            text(CURLOPT_CUSTOMREQUEST, request.method)
        default: text(CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    private func prepareHeaders(_ request: HTTPRequest) {
        unsafe curl_slist_free_all(headers)
        unsafe headers = curl_slist_append(nil, "Expect:")
        for field in request.headers {
            if let longer = unsafe curl_slist_append(headers, "\(field.name): \(field.value)") {
                unsafe headers = longer
            }
        }
        unsafe lb_setopt_list(curl, CURLOPT_HTTPHEADER, headers)
    }

    private func prepareCallbacks(_ transfer: Transfer) {
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        unsafe lb_setopt_transfer(curl, CURLOPT_READFUNCTION, TransferCallbacks.read)
        unsafe lb_setopt_pointer(curl, CURLOPT_READDATA, context)
        unsafe lb_setopt_transfer(curl, CURLOPT_WRITEFUNCTION, TransferCallbacks.write)
        unsafe lb_setopt_pointer(curl, CURLOPT_WRITEDATA, context)
        unsafe lb_setopt_transfer(curl, CURLOPT_HEADERFUNCTION, TransferCallbacks.header)
        unsafe lb_setopt_pointer(curl, CURLOPT_HEADERDATA, context)
        unsafe lb_setopt_seek(curl, TransferCallbacks.seek)
        unsafe lb_setopt_pointer(curl, CURLOPT_SEEKDATA, context)
    }

    /// Gives the outcome and lets go of the transfer.
    func complete(_ code: CURLcode) {
        guard let transfer else { return }
        self.transfer = nil
        if code == CURLE_OK {
            transfer.finish(.success(transfer.response))
        } else if transfer.isTooLarge {
            transfer.finish(.failure(.tooLarge))
        } else {
            let detail = unsafe String(cString: errorText)
            let text = unsafe detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
            transfer.finish(.failure(.network(code: UInt32(code.rawValue), text: text)))
        }
    }

    /// Lets go of a transfer that was cancelled.
    func abandon() {
        transfer?.finish(.failure(.cancelled))
        transfer = nil
    }

    private func number(_ option: CURLoption, _ value: Int) {
        unsafe lb_setopt_long(curl, option, value)
    }

    private func text(_ option: CURLoption, _ value: String) {
        unsafe lb_setopt_text(curl, option, value)
    }
}
