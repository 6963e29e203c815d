import { Badge } from '@mantine/core';
import type { Schemas } from '../api/client';

type State = Schemas['CollectionRunState'] | Schemas['SourceState'];

const LOOKS: Record<State, readonly [color: string, text: string]> = {
  active: ['teal', 'active'], paused: ['gray', 'paused'], error: ['red', 'error'],
  queued: ['gray', 'queued'], running: ['cyan', 'running'], succeeded: ['teal', 'succeeded'], partial: ['yellow', 'partly done'],
  deferred: ['violet', 'waiting'], failed: ['red', 'failed'], killed: ['red', 'killed'], cancelled: ['gray', 'cancelled'], skipped: ['gray', 'skipped'],
};

/** A state in its colour and, for those who don't see it, in words. */
export function Status({ state }: { state: State }) {
  const [color, text] = LOOKS[state];
  return <Badge color={color} variant="light" tt="none">{text}</Badge>;
}
