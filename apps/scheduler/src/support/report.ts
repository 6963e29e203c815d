import { existsSync, readFileSync } from 'node:fs';
import type { RunDossier } from '#persistence';

/** Which software this was. */
interface Versions { readonly product: string; readonly node: string; readonly platform: string }

/** Of the product's package.json, which is somewhere above: compiled code is one folder deeper. */
function productVersion(): string {
  let file = new URL('../package.json', import.meta.url);
  for (let depth = 0; depth < 6 && !existsSync(file); depth += 1) file = new URL('../package.json', file);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'unknown';
}
const product = productVersion();
export const versions = (): Versions => ({ product, node: process.version, platform: `${process.platform} ${process.arch}` });

/** What support gets of one run. */
export interface SupportReport extends RunDossier { readonly versions: Versions }

const line = (parts: readonly unknown[]): string => parts.filter((part) => part !== undefined && part !== null && part !== '').map((part) => (part instanceof Date ? part.toISOString() : String(part))).join('  ');

/** What happened, in one line. */
export const subject = ({ ending, source, reference }: SupportReport): string =>
  `[Cloud Sources] ${String(source.connector)} run ${ending?.state ?? 'ended'}: ${ending?.error.title ?? 'no error is known'} (${reference})`.replace(/\s+/g, ' ').slice(0, 250);

/** The complete log as a person reads it. */
export function asText(report: SupportReport): string {
  const { reference, run, ending, trace, source, collections, attempts, log, calls } = report;
  const section = (title: string, lines: readonly string[]): string[] => ['', `== ${title}`, ...(lines.length === 0 ? ['(none)'] : lines)];
  const error = ending?.error;
  return [
    `Reference   ${reference}`,
    `Run         ${String(run.id)} (${String(run.trigger)}), ${ending?.state ?? ''}`,
    `Source      ${String(source.name)} (${String(source.slug)}, ${String(source.id)}), connector ${String(source.connector)}`,
    `Workspace   ${String(run.workspace_id)}`,
    `Versions    cloud-sources ${report.versions.product}, Node ${report.versions.node}, ${report.versions.platform}`,
    ...section('Error', error === undefined ? [] : [`${error.code}: ${error.title}`, ...(error.details === undefined ? [] : [`details: ${error.details}`])]),
    ...section('As it was thrown', trace === null ? [] : [`${trace.name}: ${trace.message}`, ...trace.stack.map((frame) => `    ${frame}`)]),
    ...section('Attempts', attempts.map(({ startedAt, endedAt, outcome, owner, records, apiCalls, progressed }, index) =>
      line([index + 1, startedAt, endedAt ?? 'open', outcome, owner, `${records} records`, `${apiCalls} calls`, progressed ? 'got further' : 'got no further']))),
    ...section('Collections', collections.map(({ collection, state, records, api_calls, error: failed }) => line([collection, state, `${String(records)} records`, `${String(api_calls)} calls`, failed === null ? '' : JSON.stringify(failed)]))),
    ...section('Log', log.map(({ at, level, message }) => line([at, level, message]))),
    ...section(`API calls (${calls.length} of ${String(run.api_calls)})`, calls.map(({ startedAt, method, request, status, durationMs, bytes, collection }) =>
      line([startedAt, status === 0 ? 'no answer' : status, method, request, `${String(durationMs)} ms`, `${String(bytes)} B`, collection]))),
    '',
  ].join('\n');
}
