import type { Connector } from './connector.js';
import { parentsOf } from './declaration.js';

/** A connector, checked at start-up: a mistake in a declaration is an error with the connector's name, not a surprise in a run. */
export function defineConnector(connector: Connector): Connector {
  const { declaration, readers } = connector;
  const fail = (message: string): never => { throw new Error(`connector ${declaration.name}: ${message}`); };
  if (!/^[a-z][a-z0-9_]*$/.test(declaration.name)) fail('the name must match [a-z][a-z0-9_]*');
  const names = new Set<string>();
  for (const { name, pattern } of declaration.configuration) if (pattern !== undefined && !isPattern(pattern)) fail(`the pattern of ${name} is no regular expression`);
  for (const { name, partOf, kind, callsPerSync } of declaration.collections) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) fail(`the collection name ${name} must match [a-z][a-z0-9_]*`);
    if (!Number.isSafeInteger(callsPerSync) || callsPerSync < 0) fail(`${name} costs ${callsPerSync} calls; say how many a sync without changes makes`);
    if (names.has(name)) fail(`the collection ${name} is declared twice`);
    names.add(name);
    if (kind === 'object' && (partOf === undefined) !== (name in readers)) fail(`${name} needs a reader or partOf, and not both`);
  }
  for (const { name, kind, partOf, window, deletedWhenAbsent } of declaration.collections) {
    if (deletedWhenAbsent === true && (kind !== 'object' || partOf !== undefined || window !== undefined)) fail(`${name} can't be deletedWhenAbsent: only objects with a reader of their own that is never read in part are compared`);
  }
  if (connector.changeFeed !== undefined && !(connector.changeFeed in readers)) fail(`the change feed ${connector.changeFeed} has no reader`);
  for (const { name, fields } of declaration.methods ?? []) for (const field of fields) if (!declaration.configuration.some((one) => one.name === field)) fail(`the method ${name} takes ${field}, which is no field of the configuration`);
  for (const collection of declaration.collections) {
    for (const parent of parentsOf(collection)) if (!(parent in readers)) fail(`${collection.name} is part of ${parent}, which has no reader`);
  }
  for (const reader of Object.keys(readers)) if (!names.has(reader)) fail(`the reader ${reader} belongs to no declared collection`);
  for (const name of ['accessToken', ...connector.oauth?.provides ?? []]) {
    if (connector.oauth !== undefined && !declaration.configuration.some((field) => field.name === name)) fail(`OAuth provides ${name}, which is no field of the configuration`);
  }
  if (connector.oauth !== undefined && !declaration.auth.includes('oauth2')) fail('it has OAuth but its auth says nothing of oauth2');
  if ((connector.discovery === undefined) !== (declaration.discovered === undefined)) fail('found collections need both a declaration and a discovery');
  if (declaration.discovered !== undefined && (names.has(declaration.discovered.topic) || !/^[a-z][a-z0-9_]*$/.test(declaration.discovered.topic))) fail('the topic of found collections must match [a-z][a-z0-9_]* and be no collection');
  const templates = new Set<string>();
  for (const { name, collections, sql } of declaration.templates ?? []) {
    if (templates.has(name)) fail(`the template ${name} is declared twice`);
    templates.add(name);
    for (const collection of collections) if (!names.has(collection)) fail(`the template ${name} reads ${collection}, which is no declared collection`);
    for (const [, table = ''] of sql.matchAll(/\{\{source\}\}\.(\w+)/g)) if (!collections.includes(table)) fail(`the template ${name} reads ${table} without saying so`);
  }
  if ((connector.webhook === undefined) !== (declaration.webhook === undefined)) fail('webhooks need both a declaration and a handler');
  return connector;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
