/// The key file of the sample repository in the test vectors (scrypt with N 1024), made by an independent writer and opened by
/// restic 0.14.0 and 0.19.1.
enum SampleKey {
    static let password = "lifeboat-sample"
    static let json =
        #"{"created":"2026-01-01T00:00:00Z","username":"u","hostname":"h","kdf":"scrypt","N":1024,"r":8,"p":1,"#
        + #""salt":"Ew2y839yDHwFG2iHQWlkMJP5KAYsnqfFtevCY0q9FDnl4casSzLffQ5+IHXqrODemsKLNPnib94F2rOpJCNTSw==","#
        + #""data":"BT2Zz5sycwRwH/YziTIf2DNWXjCAEBP0zIoGbIZF7bMq4wguvBrvw3HAJgVizjERcHWK7cvYl7tBSk3s91kWk9k8mvY4"#
        + #"7Fk0JS/xST2THbAk/xJb0QX8P9uCRMa72soN8lLanFr0VWDO+3mUfP/vqTDv4JlK6W5PgU5HiVXECa+hq68VGMV2/l8ZsQZei4pT"#
        + #"65cmZIsvw9B3ZJyXY68MatwsWtcbeQ=="}"#
    /// As restic prints it, `r` clamped.
    static let masterKey =
        #"{"mac":{"k":"5mMLGAKsAT7CbXq9bKO04w==","r":"DxSEDuw9rAHEROAAnFFcAA=="},""#
        + #"encrypt":"byXvo/4ndBUP19IgVDMM6F507xG0OvHBZZOD5vnmw6Q="}"#
}
