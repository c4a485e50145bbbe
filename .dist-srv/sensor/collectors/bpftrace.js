import { messageOf } from '../../base/index.js';
import { newParseState, parseBpftraceLine } from '../bpftrace/parse.js';
import { SensorError } from '../errors.js';
/** Two tracers never stamp one event alike: near the hand-over the same act of a process counts once. */
const handoverMs = 5;
export function bpftraceCollector(options) {
    return {
        name: 'bpftrace',
        probe: () => options.source.probe(),
        gaps: [
            { what: 'file and network operations through io_uring (its set-up is reported)', fix: null },
            { what: 'paths are as the workload gave them: symbolic links are not resolved', fix: null },
        ],
        start: async (sink) => {
            const supervisor = new Supervisor(options, sink);
            await supervisor.begin();
            return supervisor;
        },
    };
}
class Supervisor {
    options;
    sink;
    selection;
    current;
    leaving;
    cut = 0;
    nearCut = new Set();
    blindSince;
    stopped = false;
    failures = 0;
    watchdog;
    retry;
    constructor(options, sink) {
        this.options = options;
        this.sink = sink;
        this.selection = options.selection;
        this.watchdog = setInterval(() => this.lookForSilence(), 1_000);
        this.watchdog.unref();
    }
    async begin() {
        try {
            this.current = await this.launch();
        }
        catch (error) {
            clearInterval(this.watchdog);
            this.stopped = true;
            throw error;
        }
    }
    watches(target) {
        if (this.blindSince !== undefined || this.current === undefined)
            return false;
        return target.cgroup !== undefined || (target.container !== undefined && this.selection.containers);
    }
    async reselect(selection) {
        this.selection = selection;
        const next = await this.launch();
        const old = this.current;
        // A moment that has not come yet: until then the old one speaks, so nothing falls between the two.
        this.cut = next.tickAt + (this.options.clock.monotonic() - next.tickHeard) + 250;
        this.nearCut.clear();
        this.leaving = old;
        this.current = next;
        if (old === undefined)
            return;
        // Its buffers are read out in order: a tick behind the hand-over means that everything before it has arrived.
        await this.until(() => old.ended || old.tickAt > this.cut + handoverMs);
        old.retired = true;
        this.leaving = undefined;
        await old.lines?.stop();
        this.cut = 0;
    }
    async stop() {
        this.stopped = true;
        clearInterval(this.watchdog);
        clearTimeout(this.retry);
        for (const tracer of [this.leaving, this.current]) {
            if (tracer === undefined)
                continue;
            tracer.retired = true;
            await tracer.lines?.stop();
        }
    }
    /** Resolves when everything is attached. */
    async launch() {
        const tracer = {
            state: newParseState(),
            lines: undefined,
            upAt: undefined,
            tickAt: 0,
            tickHeard: 0,
            lastLine: this.options.clock.monotonic(),
            retired: false,
            ended: false,
        };
        let lastWords = '';
        tracer.lines = await this.options.source.start(this.selection, {
            line: (text) => this.take(tracer, text),
            end: (detail) => {
                lastWords = detail;
                this.ended(tracer, detail);
            },
        });
        const deadline = this.options.clock.monotonic() + (this.options.startMs ?? 90_000);
        await this.until(() => tracer.ended || tracer.upAt !== undefined || this.options.clock.monotonic() > deadline);
        if (tracer.upAt === undefined) {
            tracer.retired = true;
            await tracer.lines.stop();
            throw new SensorError('sensor-start', `the kernel tracer did not come up: ${lastWords || 'no answer in time'}`, {
                hint: 'run `tricordon doctor --only sensor`',
            });
        }
        return tracer;
    }
    take(tracer, text) {
        if (tracer.retired)
            return;
        tracer.lastLine = this.options.clock.monotonic();
        for (const parsed of parseBpftraceLine(text, tracer.state))
            this.deliver(tracer, parsed);
    }
    deliver(tracer, parsed) {
        if ('event' in parsed) {
            // A tracer that is still joining while another one sees would only repeat it.
            const joining = tracer !== this.current && tracer !== this.leaving && this.current !== undefined;
            if (!joining && (this.cut === 0 || this.belongs(tracer, parsed.event)))
                this.sink.event(parsed.event);
            return;
        }
        const { note } = parsed;
        if (note.kind === 'tick') {
            tracer.tickAt = note.bootMs;
            tracer.tickHeard = tracer.lastLine;
            tracer.upAt ??= note.bootMs;
        }
        this.sink.note(note);
    }
    /** During a hand-over: before the cut the old tracer speaks, after it the new one; around it whoever is first. */
    belongs(tracer, event) {
        const at = 'bootMs' in event.at ? event.at.bootMs : 0;
        const isOld = tracer === this.leaving;
        if (at < this.cut - handoverMs)
            return isOld;
        if (at > this.cut + handoverMs)
            return !isOld;
        const key = JSON.stringify([event.process.pid, event.process.start, event.act]);
        if (this.nearCut.has(key))
            return false;
        this.nearCut.add(key);
        return true;
    }
    ended(tracer, detail) {
        tracer.ended = true;
        if (tracer.retired || this.stopped || tracer !== this.current)
            return;
        this.current = undefined;
        // Blind from the last line on: what the kernel saw after it died with the tracer.
        this.blindSince = tracer.lastLine;
        this.sink.state({ kind: 'blind', detail });
        this.again();
    }
    again() {
        if (this.stopped)
            return;
        const delay = this.failures === 0 ? 0 : Math.min(10_000, 250 * 2 ** this.failures);
        this.retry = setTimeout(() => {
            this.launch().then((tracer) => {
                if (this.stopped) {
                    tracer.retired = true;
                    void tracer.lines?.stop();
                    return;
                }
                this.failures = 0;
                this.current = tracer;
                const blindMs = this.options.clock.monotonic() - (this.blindSince ?? this.options.clock.monotonic());
                this.blindSince = undefined;
                this.sink.state({
                    kind: 'seeing',
                    detail: `the kernel tracer was replaced after ${Math.round(blindMs)} ms`,
                    blindMs,
                });
            }, (error) => {
                this.failures += 1;
                this.sink.state({ kind: 'blind', detail: messageOf(error) });
                this.again();
            });
        }, delay);
    }
    lookForSilence() {
        const tracer = this.current;
        if (tracer === undefined || tracer.ended)
            return;
        if (this.options.clock.monotonic() - tracer.lastLine < (this.options.silenceMs ?? 15_000))
            return;
        this.ended(tracer, 'the kernel tracer fell silent');
        tracer.retired = true;
        void tracer.lines?.stop();
    }
    async until(condition) {
        while (!condition())
            await new Promise((resolve) => setTimeout(resolve, 20));
    }
}
