import Trees

/// The target of a dry run that is not there: nothing is in it, and nothing is made.
struct AbsentTarget: TreeSink {
    func existing(_ path: [[UInt8]]) throws(TreeError) -> Metadata? { nil }

    func list(_ path: [[UInt8]]) throws(TreeError) -> [[UInt8]] { [] }

    func openExisting(_ path: [[UInt8]]) throws(TreeError) -> (any TreeSinkFile)? { nil }

    func makeDirectory(_ path: [[UInt8]]) throws(TreeError) -> Bool { throw refusal(path) }

    func openFile(_ path: [[UInt8]], byteCount: UInt64) throws(TreeError) -> any TreeSinkFile { throw refusal(path) }

    func writeFile(_ path: [[UInt8]], _ bytes: [UInt8], _ node: Node) throws(TreeError) -> [TreeError] {
        throw refusal(path)
    }

    func makeSpecial(_ path: [[UInt8]], _ node: Node) throws(TreeError) -> [TreeError] { throw refusal(path) }

    func makeHardLink(_ path: [[UInt8]], to target: [[UInt8]]) throws(TreeError) { throw refusal(path) }

    func finish(_ path: [[UInt8]], _ node: Node) throws(TreeError) -> [TreeError] { throw refusal(path) }

    func remove(_ path: [[UInt8]]) throws(TreeError) { throw refusal(path) }

    private func refusal(_ path: [[UInt8]]) -> TreeError {
        TreeError(.unsupported, "a dry run changes nothing", subject: RawPath.printable(path))
    }
}
