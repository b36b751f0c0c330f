/// Opens stores: from an address to something to work with.
public enum StoreOpener {
    /// What may be said beside the address.
    public struct Options: Sendable {
        /// The region of the bucket; nil for what the environment, else the host says.
        public var region: String?
        /// Where the bucket's name goes.
        public var style = S3Settings.AddressStyle.automatic
        /// PEM file of certificates to trust instead of the system's.
        public var certificateFile: String?
        /// Transfers at the same time.
        public var connectionCount = 8
        /// A directory for whole objects that are fetched once; nil for no cache.
        public var cacheFolder: String?
        /// Which objects the cache keeps.
        public var cached: @Sendable (String) -> Bool = CachingStore.metadata
        /// How often failed calls are tried again.
        public var retries = RetryingStore.Policy()

        /// All defaults, no cache.
        public init() {}
    }

    /// Opens the store at `address`, ready for use: with retries, and with a cache when one is named.
    ///
    /// Nothing is sent yet. Throws `.invalidConfiguration` for a bad address and `.credentialsMissing` for an S3 store without
    /// a key. A directory gets no cache, since it is as near.
    public static func open(
        _ address: String, environment: StoreEnvironment, options: Options = Options()
    ) throws(StoreError) -> any ObjectStore {
        switch try StoreAddress(address) {
        case .directory(let path):
            return RetryingStore(DirectoryStore(root: path), policy: options.retries)
        case .s3(let settings):
            let bucket = RetryingStore(
                try s3Store(settings, environment: environment, options: options), policy: options.retries)
            guard let folder = options.cacheFolder else { return bucket }
            return CachingStore(bucket, directory: folder, keeps: options.cached)
        }
    }

    /// The bare S3 store of `settings`, completed from environment and options: for probes, and for tests of single requests.
    public static func s3Store(
        _ settings: S3Settings, environment: StoreEnvironment, options: Options = Options()
    ) throws(StoreError) -> S3Store {
        var settings = settings
        let profile = try AWSProfile(environment, subject: settings.location)
        settings.region = options.region ?? settings.region ?? settings.endpoint.regionInHost ?? profile.region
        settings.certificateFile = options.certificateFile ?? settings.certificateFile ?? profile.certificateFile
        settings.style = options.style
        settings.proxy = settings.proxy ?? environment.proxy(for: settings.endpoint)
        settings.connectionCount = options.connectionCount
        return S3Store(settings: settings, accessKey: profile.accessKey, now: environment.now)
    }
}
