/** States as a shape and a word; colour only underlines what both say already. */
import type { ActionRow, EvidenceRow, Hold, HostRow, IncidentRow, StoryStep } from '../../../src/server/api-types.ts';

export type Tone = 'good' | 'warning' | 'bad' | 'quiet';
type Glyph = 'solid' | 'half' | 'none' | 'cross' | 'tick' | 'ring' | 'triangle' | 'bang' | 'dots';

const paths: Readonly<Record<Glyph, string>> = {
  solid: 'M2 7a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z',
  half: 'M7 2a5 5 0 0 0 0 10z M7 2.7a4.3 4.3 0 1 1 0 8.6',
  none: 'M2.5 7h2.6 M8.9 7h2.6',
  cross: 'M3 3l8 8 M11 3l-8 8',
  tick: 'M2.5 7.5l3 3.2l6 -7.4',
  ring: 'M2.7 7a4.3 4.3 0 1 0 8.6 0a4.3 4.3 0 1 0 -8.6 0z',
  triangle: 'M7 1.8l5.6 10.2h-11.2z',
  bang: 'M7 2.2v6 M7 10.8v1.2',
  dots: 'M2.6 7h.01 M7 7h.01 M11.4 7h.01',
};
const filled: ReadonlySet<Glyph> = new Set(['solid', 'triangle']);

export function Word({ tone, glyph, text }: { readonly tone: Tone; readonly glyph: Glyph; readonly text: string }) {
  return (
    <span className={`with-icon tone-${tone}`}>
      <svg className="icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
        <path
          className={filled.has(glyph) ? 'glyph-fill' : `glyph-line${glyph === 'dots' ? ' round' : ''}`}
          d={paths[glyph]}
        />
      </svg>
      {text}
    </span>
  );
}

type HoldKind = Hold['hold'];
export const holdWords: Readonly<Record<HoldKind, { text: string; tone: Tone; glyph: Glyph }>> = {
  enforced: { text: 'enforced', tone: 'good', glyph: 'solid' },
  audit: { text: 'audit', tone: 'warning', glyph: 'half' },
  learning: { text: 'learning', tone: 'warning', glyph: 'dots' },
  off: { text: 'switched off', tone: 'bad', glyph: 'none' },
  unmanaged: { text: 'not in contract', tone: 'bad', glyph: 'none' },
  bypassable: { text: 'can be gone around', tone: 'bad', glyph: 'cross' },
  partial: { text: 'partly watched', tone: 'warning', glyph: 'half' },
  'next-start': { text: 'from next start', tone: 'warning', glyph: 'half' },
  observed: { text: 'only observed', tone: 'warning', glyph: 'half' },
  unwatched: { text: 'not watched', tone: 'bad', glyph: 'none' },
  'no-contract': { text: 'no contract', tone: 'bad', glyph: 'cross' },
};

export function HoldWord({ hold }: { readonly hold: HoldKind }) {
  return <Word {...holdWords[hold]} />;
}

const levels = {
  full: { text: 'watched', tone: 'good', glyph: 'solid' },
  partial: { text: 'in part', tone: 'warning', glyph: 'half' },
  none: { text: 'not watched', tone: 'bad', glyph: 'none' },
} as const;
export function LevelWord({ level }: { readonly level: keyof typeof levels }) {
  return <Word {...levels[level]} />;
}

const hostStates: Readonly<Record<HostRow['state'], { text: string; tone: Tone; glyph: Glyph }>> = {
  reporting: { text: 'reporting', tone: 'good', glyph: 'solid' },
  silent: { text: 'silent', tone: 'bad', glyph: 'cross' },
  enrolled: { text: 'joined, no report yet', tone: 'warning', glyph: 'ring' },
};
export function HostWord({ state }: { readonly state: HostRow['state'] }) {
  return <Word {...hostStates[state]} />;
}

export function SeverityWord({ severity }: { readonly severity: IncidentRow['severity'] }) {
  const glyphs = { critical: 'triangle', high: 'triangle', medium: 'half', low: 'ring', info: 'dots' } as const;
  return (
    <span className={`severity-${severity}`}>
      <Word tone="quiet" glyph={glyphs[severity]} text={severity[0]?.toUpperCase() + severity.slice(1)} />
    </span>
  );
}

const incidentStates: Readonly<Record<IncidentRow['state'], { text: string; tone: Tone; glyph: Glyph }>> = {
  open: { text: 'open', tone: 'bad', glyph: 'bang' },
  contained: { text: 'contained', tone: 'good', glyph: 'tick' },
  triaged: { text: 'triaged', tone: 'quiet', glyph: 'half' },
  closed: { text: 'closed', tone: 'quiet', glyph: 'ring' },
};
export function IncidentWord({ state }: { readonly state: IncidentRow['state'] }) {
  return <Word {...incidentStates[state]} />;
}

const outcomes: Readonly<Record<StoryStep['outcome'], { text: string; tone: Tone; glyph: Glyph }>> = {
  refused: { text: 'refused', tone: 'good', glyph: 'cross' },
  detected: { text: 'seen, let pass', tone: 'bad', glyph: 'bang' },
  done: { text: 'done', tone: 'good', glyph: 'tick' },
  failed: { text: 'failed', tone: 'bad', glyph: 'cross' },
  pending: { text: 'under way', tone: 'warning', glyph: 'dots' },
  unavailable: { text: 'not possible here', tone: 'warning', glyph: 'none' },
  undone: { text: 'undone', tone: 'quiet', glyph: 'ring' },
};
export function OutcomeWord({ outcome }: { readonly outcome: StoryStep['outcome'] }) {
  return <Word {...outcomes[outcome]} />;
}

const actionStates: Readonly<Record<ActionRow['status'], { text: string; tone: Tone; glyph: Glyph }>> = {
  planned: { text: 'planned', tone: 'quiet', glyph: 'ring' },
  approved: { text: 'approved', tone: 'warning', glyph: 'dots' },
  running: { text: 'running', tone: 'warning', glyph: 'dots' },
  done: outcomes.done,
  failed: outcomes.failed,
  unavailable: outcomes.unavailable,
  undone: outcomes.undone,
};
export function ActionWord({ status }: { readonly status: ActionRow['status'] }) {
  return <Word {...actionStates[status]} />;
}

const verified: Readonly<Record<EvidenceRow['verified'], { text: string; tone: Tone; glyph: Glyph }>> = {
  ok: { text: 'verified now', tone: 'good', glyph: 'tick' },
  broken: { text: 'broken', tone: 'bad', glyph: 'cross' },
  'not-checked': { text: 'sealed, not checked yet', tone: 'quiet', glyph: 'ring' },
};
export function VerifiedWord({ state }: { readonly state: EvidenceRow['verified'] }) {
  return <Word {...verified[state]} />;
}

/** A padlock, closed for mutual TLS and open for anything else, with its word. */
export function MtlsWord({ mtls, bare = false }: { readonly mtls: boolean; readonly bare?: boolean }) {
  const word = mtls ? 'mutual TLS' : 'no mutual TLS';
  return (
    <span className={`with-icon ${mtls ? 'tone-good' : 'tone-warning'}`}>
      <svg className="icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
        <LockPath closed={mtls} />
      </svg>
      {bare ? <span className="sr">{word}</span> : word}
    </span>
  );
}

/** Fits a square of 14. */
export function LockPath({ closed }: { readonly closed: boolean }) {
  return (
    <>
      <rect className="glyph-fill" x="2.5" y="6.3" width="9" height="6.2" rx="1.2" />
      <path
        className="glyph-line"
        d={closed ? 'M4.5 6.5v-2a2.5 2.5 0 0 1 5 0v2' : 'M4.5 6.5v-2.6a2.5 2.5 0 0 1 4.8 -1'}
      />
    </>
  );
}

const modeWords = {
  enforce: { text: 'enforce', tone: 'good', glyph: 'solid' },
  audit: { text: 'audit', tone: 'warning', glyph: 'half' },
  learn: { text: 'learn', tone: 'warning', glyph: 'dots' },
  off: { text: 'off', tone: 'bad', glyph: 'none' },
} as const;
export function ModeWord({ mode }: { readonly mode: keyof typeof modeWords }) {
  return <Word {...modeWords[mode]} />;
}
