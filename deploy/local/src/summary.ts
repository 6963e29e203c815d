import { relative } from 'node:path';
import type { ShownSource } from './demo.js';
import { root, stateFolder } from './project.js';

export interface SummaryFacts {
  readonly gatewayUrl: string;
  /** What support gets. */
  readonly mailsUrl: string;
  /** What the demo's destination gets; absent without the demo. */
  readonly eventsUrl?: string;
  readonly owner: { readonly email: string; readonly password: string };
  readonly topicPrefix: string;
  readonly sources: readonly ShownSource[];
  readonly seconds: number;
  readonly colour: boolean;
}

const CUSTOMERS = 'select id, email, created from $.customers order by created desc limit 10';
/** A query that shows something, by connector. */
const QUERIES: Readonly<Record<string, string>> = {
  stripe: CUSTOMERS,
  zendesk: 'select id, subject, status, updated_at from $.tickets order by updated_at desc limit 10',
  salesforce: 'select name, stage_name, amount from $.opportunities order by system_modstamp desc limit 10',
};

/** What a person does next, in one block. */
export function summary({ gatewayUrl, mailsUrl, eventsUrl, owner, topicPrefix, sources, seconds, colour }: SummaryFacts): string {
  const bold = (text: string): string => (colour ? `\u001b[1m${text}\u001b[0m` : text);
  const folder = stateFolder.startsWith(`${root}/`) ? relative(root, stateFolder) : stateFolder;
  const width = Math.max(...sources.map(({ schema }) => schema.length)) + 2;
  const loaded = sources.filter(({ webhookUrl }) => webhookUrl !== undefined);
  const [first] = sources;
  const lines: [string, readonly string[]][] = [
    ['Console', [gatewayUrl]],
    ['Sign in', [`${owner.email} / ${owner.password}`]],
    ['REST API', [`${gatewayUrl}/api/docs   (API key: ${folder}/secrets.json)`]],
    ['Sources', sources.map(({ schema, name, about }) => `${schema.padEnd(width)}${name}: ${about}`)],
    ['One more', ['README.md, "Connect an account": by key or OAuth, yours or a simulator\'s']],
    ['Webhooks', loaded.map(({ schema, webhookUrl }) => `${schema.padEnd(width)}${webhookUrl}`)],
    ['Warehouse', ['npm run sql   (its tables)', ...loaded.map(({ connector, schema }) => `npm run sql -- "${(QUERIES[connector] ?? CUSTOMERS).replace('$', schema)}"`)]],
    ['Topics', ['npm run topic   (all of them)', `npm run topic -- ${topicPrefix}objects.${first?.connector ?? 'stripe'}.customers`]],
    ['Check', ['npm run verify   (partner, topics and warehouse of every source, compared record by record)']],
    ...(eventsUrl === undefined ? [] : [['Events', [`${eventsUrl}   (what the destination "Event catcher" gets of them)`]] as [string, readonly string[]]]),
    ['Support', [`${mailsUrl}   (mails about runs that were killed, with their complete log)`]],
    ['Logs', [`${folder}/logs`]],
    ['Stop', ['Ctrl-C, or npm stop from another terminal']],
  ];
  const rule = '─'.repeat(78);
  const shown = lines.flatMap(([name, texts]) => texts.map((text, index) => `  ${(index === 0 ? name : '').padEnd(11)}${text}`));
  return [rule, bold(`Cloud sources runs (${seconds.toFixed(0)} s).`), '', ...shown, rule].join('\n');
}
