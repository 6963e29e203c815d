import { pathToFileURL } from 'node:url';
import { compiled } from '../../../deploy/local/src/project.js';

interface Normalised { readonly collection?: string; readonly data?: Record<string, unknown> }
type Normalize = (...args: readonly unknown[]) => readonly Normalised[];

/** Loaded before the normaliser (`node --import`): Stripe's mapping as a later release might have it. Customers and their events have one more column. */
const { connector } = await import(pathToFileURL(compiled('libs', 'connectors', 'stripe', 'src', 'index.js')).href) as { connector: { normalize: Normalize } };
const { normalize } = connector;
Object.defineProperty(connector, 'normalize', {
  value: ((...args) => normalize(...args).map((one) => (
    one.data !== undefined && (one.collection === 'customers' || one.collection === 'customer_events') ? { ...one, data: { ...one.data, mapped_by: 'a later release' } } : one))) satisfies Normalize,
});
