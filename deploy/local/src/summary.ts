import { relative } from 'node:path';
import type { Demo } from './demo.js';
import { root, stateFolder } from './project.js';

export interface SummaryFacts {
  readonly gatewayUrl: string;
  readonly owner: { readonly email: string; readonly password: string };
  readonly topicPrefix: string;
  readonly demo: Demo;
  readonly seconds: number;
  readonly colour: boolean;
}

/** What a person does next, in one block. */
export function summary({ gatewayUrl, owner, topicPrefix, demo, seconds, colour }: SummaryFacts): string {
  const bold = (text: string): string => (colour ? `\u001b[1m${text}\u001b[0m` : text);
  const folder = stateFolder.startsWith(`${root}/`) ? relative(root, stateFolder) : stateFolder;
  const lines: [string, string][] = [
    ['REST API', `${gatewayUrl}/api/docs`],
    ['Sign in', `${owner.email} / ${owner.password}   (API key: ${folder}/secrets.json)`],
    ['Source', `${demo.sourceName}: ${demo.partner}`],
    ['Webhooks', demo.webhookUrl],
    ['Warehouse', `npm run sql -- "select id, email, created from ${demo.schema}.customers order by created desc limit 10"`],
    ['Topics', `npm run topic -- ${topicPrefix}objects.${demo.connector}.customers`],
    ['Check', 'npm run verify   (partner, topics and warehouse, counted and compared)'],
    ['Logs', `${folder}/logs`],
    ['Stop', 'Ctrl-C, or npm stop from another terminal'],
  ];
  const rule = '─'.repeat(78);
  return [rule, bold(`Cloud sources runs (${seconds.toFixed(0)} s).`), '', ...lines.map(([name, text]) => `  ${name.padEnd(11)}${text}`), rule].join('\n');
}
