import { useState } from 'react';
import type { Access } from './access';

/** What a person has chosen so far. Survives a reload of the tab; secrets are never part of it. */
export interface Draft {
  /** Values of the form that aren't secret. */
  readonly values: Readonly<Record<string, string>>;
  /** Name of the way to give access; the first one until another is chosen. */
  readonly method?: string;
  /** Of an OAuth sign-in that was agreed to. */
  readonly grantId?: string;
  /** Whose credentials they are, once they were tested. */
  readonly account?: string;
  /** When that was, in ms since the epoch. */
  readonly testedAt?: number;
  /** What they may read, as far as it was asked. */
  readonly access?: readonly Access[];
  readonly collections?: readonly string[];
  readonly name?: string;
  /** Templates of metrics and segments that are to be made with it. */
  readonly templates?: readonly string[];
  readonly startDate?: string;
  readonly intervalMinutes?: number;
  /** Preferred times of day, `HH:MM`, instead of an interval. */
  readonly times?: readonly string[];
  /** So that a create that is sent twice makes one source. */
  readonly key: string;
}

const keyOf = (connector: string): string => `cloud-sources:set-up:${connector}`;
const fresh = (): Draft => ({ values: {}, key: crypto.randomUUID() });

function read(connector: string): Draft {
  try { return { ...fresh(), ...JSON.parse(sessionStorage.getItem(keyOf(connector)) ?? '{}') as Partial<Draft> }; } catch { return fresh(); }
}

/** The draft of one connector's set-up, its change, and its end. */
export function useDraft(connector: string): readonly [Draft, (change: Partial<Draft>) => void, () => void] {
  const [draft, setDraft] = useState(() => read(connector));
  const change = (part: Partial<Draft>): void => setDraft((before) => {
    const after = { ...before, ...part };
    sessionStorage.setItem(keyOf(connector), JSON.stringify(after));
    return after;
  });
  return [draft, change, () => sessionStorage.removeItem(keyOf(connector))];
}
