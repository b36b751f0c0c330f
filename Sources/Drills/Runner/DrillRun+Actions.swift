import Runbooks

extension DrillRun {
    /// How often the observer's log is looked at.
    static let look = Duration.milliseconds(100)
    /// An observer that writes nothing for so long is gone.
    private static let silence = 15.0

    func perform(_ action: DrillAction, _ state: inout State) async throws {
        switch action {
        case .prove: try state.add(.guarded(failure: await parts.safety.prove()))
        case .prepare(let what): try await prepare(what, &state)
        case .observe: try state.add(.observing(process: try await parts.observer.start()))
        case .awaitBeats(let count): try await awaitBeats(count, &state)
        case .inject(let fault): try await inject(fault, &state)
        case .awaitDetection: try await awaitDetection(&state)
        case .declare: try await declare(&state)
        case .carryOut(let steps): try await carryOut(steps, &state)
        case .decide(let decision): try await decide(decision, &state)
        case .awaitRecovery: try await awaitRecovery(&state)
        case .readBack: try state.add(.readBack(count: try await parts.observer.readBack()))
        case .examine:
            for (what, failure) in await parts.examiner.examine() {
                try state.add(.proven(what: what, failure: failure))
            }
            try state.add(.examined)
        case .clear:
            try await noteRestores(&state)
            try await parts.clearing.clear()
            try state.add(.cleared)
        case .conclude: try state.add(.ended(try await judge(state.records)))
        case .nothing: break
        }
    }

    private func prepare(_ what: String, _ state: inout State) async throws {
        guard let one = parts.preparations.first(where: { $0.what == what }) else { return }
        let checked = try await one.check()
        if let failure = try add(checked, &state) { return try state.add(.prepared(what: what, failure: failure)) }
        if one.changesStaging { try state.add(.preparing(what: what)) }
        let prepared = try await one.prepare()
        if let loaded = prepared.loaded { try state.add(.loaded(loaded)) }
        let failure = try add(prepared.proofs, &state)
        try state.add(.prepared(what: what, failure: failure))
    }

    /// Writes proofs down; gives why the first that does not hold does not.
    private func add(_ proofs: [DrillProof], _ state: inout State) throws -> String? {
        for proof in proofs { try state.add(.proven(what: proof.what, failure: proof.failure)) }
        return proofs.first { $0.failure != nil }?.failure
    }

    private func awaitBeats(_ count: Int, _ state: inout State) async throws {
        let began = parts.clock.uptime()
        while true {
            try state.view.update()
            if state.view.acknowledgedCount >= count {
                return try state.add(.steady(beatCount: state.view.acknowledgedCount))
            }
            try refuseSilence(state.view, since: began)
            try await Task.sleep(for: Self.look)
        }
    }

    private func inject(_ fault: Int, _ state: inout State) async throws {
        // After a death in the middle the guard proves it again: what stands there may be another machine by now.
        if let failure = await parts.safety.prove() { return try state.add(.guarded(failure: failure)) }
        let delay = scenario.faults[fault].delay
        if delay > .zero { try await Task.sleep(for: delay) }
        try state.add(.injecting(fault: fault))
        do {
            try await parts.injector.inject(fault)
        } catch let error as DrillError where error.code == .unproven {
            return try state.add(.guarded(failure: error.description))
        }
        try state.add(.injected(fault: fault))
    }

    private func awaitDetection(_ state: inout State) async throws {
        let fault = state.time { if case .injecting = $0 { true } else { false } } ?? 0
        let began = parts.clock.uptime()
        while parts.clock.uptime() - began < scenario.detectionTimeout.seconds {
            try state.view.update()
            if let (probe, at) = state.view.detected(by: scenario.detectedBy, since: fault) {
                return try state.add(.detected(probe: probe), at: at)
            }
            try refuseSilence(state.view, since: began)
            try await Task.sleep(for: Self.look)
        }
        try state.add(.undetected)
    }

    private func declare(_ state: inout State) async throws {
        let began = parts.clock.uptime()
        let probe = state.records.compactMap { if case .detected(let probe) = $0.event { probe } else { nil } }.last
        try await parts.person.declare(probe ?? "")
        try state.add(.declared(by: parts.person.name, humanSeconds: parts.clock.uptime() - began))
    }

    private func decide(_ decision: RunbookDecision, _ state: inout State) async throws {
        var proposal: ScriptOutcome?
        if let script = decision.proposal {
            proposal = await run(script, decision.id, attempt: 1, state.machine.variables)
        }
        try state.add(.asked(id: decision.id))
        let began = parts.clock.uptime()
        let value = try await parts.person.decide(decision, proposal: proposal)
        try state.add(
            .decided(
                id: decision.id, value: value, by: parts.person.name, humanSeconds: parts.clock.uptime() - began))
    }

    private func awaitRecovery(_ state: inout State) async throws {
        let began = parts.clock.uptime()
        while parts.clock.uptime() - began < scenario.recoveryTimeout.seconds {
            try state.view.update()
            try noticeDegraded(&state)
            if let up = state.view.isUp(scenario.recoveredBy, asked: began) { return try state.add(.recovered, at: up) }
            try refuseSilence(state.view, since: began)
            try await Task.sleep(for: Self.look)
        }
        try state.add(.notRecovered)
    }

    /// The degraded service answers, does not any more, or does so again.
    private func noticeDegraded(_ state: inout State) throws {
        guard let (event, at) = state.degradedMark?.next(state.view, scenario.degradedBy) else { return }
        try state.add(event, at: at)
    }

    /// What was restored is asked before staging is made anew: the repository that knows may go with it.
    private func noteRestores(_ state: inout State) async throws {
        guard let witness = parts.restores, state.time(of: { if case .restored = $0 { true } else { false } }) == nil,
            let from = state.wall(of: { if case .declared = $0 { true } else { false } })
        else { return }
        let to = state.wall { $0 == .recovered } ?? parts.clock.wall()
        guard let found = try await witness.restores(from: from, to: to) else { return }
        try state.add(.restored(found))
    }

    private func refuseSilence(_ view: ObserverView, since began: Double) throws {
        let last = max(view.last ?? began, began)
        guard parts.clock.uptime() - last > Self.silence else { return }
        throw DrillError(
            .helperFailed, "the observer has written nothing for \(Int(Self.silence)) s", subject: folder.observer,
            hint: "a drill that nobody watches proves nothing")
    }
}

extension Duration {
    /// As a number of seconds.
    public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
