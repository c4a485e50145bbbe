/** One event stream per tab. Events say only what changed; whoever listens fetches it anew. */
import { useEffect, useSyncExternalStore } from 'react';
import type { StreamEvent } from '../../src/server/api-types.ts';

export type Topic = StreamEvent['topic'];
export const topics = ['incidents', 'actions', 'contracts', 'coverage', 'workloads', 'evidence', 'glass'] as const;

type Listener = (topic: Topic, subject: string) => void;
export type Liveness = 'connecting' | 'live' | 'lost';

const listeners = new Set<{ readonly topics: ReadonlySet<Topic>; readonly heard: Listener }>();
const watchers = new Set<() => void>();
let source: EventSource | undefined;
let liveness: Liveness = 'connecting';

/** Opens the stream; the browser reconnects by itself with the cursor of the last event. */
export function openStream(): () => void {
  source?.close();
  const opened = new EventSource(`/v1/stream?topics=${topics.join(',')}`);
  source = opened;
  opened.onopen = () => say('live');
  opened.onerror = () => {
    say('lost');
    // Closed for good (signed out, or refused): the browser does not try again by itself.
    if (opened.readyState === EventSource.CLOSED && source === opened) setTimeout(reopen, 5_000);
  };
  // Our cursor is too old for the control plane: everything may have changed.
  opened.addEventListener('reset', () => tellAll());
  for (const topic of topics) opened.addEventListener(topic, (event) => tell(topic, subjectOf(event)));
  return () => {
    opened.close();
    if (source === opened) source = undefined;
  };

  function reopen(): void {
    if (source === opened) openStream();
  }
}

export function useLiveness(): Liveness {
  return useSyncExternalStore(watch, () => liveness);
}

/** Calls `heard` for each event of these topics while the component stands. */
export function useStream(wanted: readonly Topic[], heard: Listener): void {
  useEffect(() => {
    const entry = { topics: new Set(wanted), heard };
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
    };
  }, [wanted, heard]);
}

function watch(changed: () => void): () => void {
  watchers.add(changed);
  return () => {
    watchers.delete(changed);
  };
}

function say(next: Liveness): void {
  if (next === liveness) return;
  // What happened while the stream was down is not repeated for ever: look again at everything.
  if (next === 'live' && liveness === 'lost') tellAll();
  liveness = next;
  for (const changed of watchers) changed();
}

function tell(topic: Topic, subject: string): void {
  for (const listener of listeners) if (listener.topics.has(topic)) listener.heard(topic, subject);
}

function tellAll(): void {
  for (const listener of listeners) for (const topic of listener.topics) listener.heard(topic, '');
}

function subjectOf(event: Event): string {
  if (!(event instanceof MessageEvent) || typeof event.data !== 'string') return '';
  try {
    const data: unknown = JSON.parse(event.data);
    if (typeof data === 'object' && data !== null && 'subject' in data) return String(data.subject);
  } catch {
    // An event we cannot read is still a reason to look again.
  }
  return '';
}
