import type { Component } from '#contracts';

/** What a declared column holds. `json` stays as it is; `timestamp` is ISO 8601 after normalisation. */
export type FieldType = 'string' | 'integer' | 'number' | 'boolean' | 'timestamp' | 'date' | 'json';

export interface CollectionDeclaration {
  /** snake_case; the name of the topic's last part and of the warehouse table. */
  readonly name: string;
  /** `object`: upserted, has a current state. `event`: append only. */
  readonly kind: 'object' | 'event';
  readonly title: string;
  readonly description: string;
  readonly components: readonly Component[];
  /** What the credentials must be allowed to, in the partner's own words (a scope, a profile right, a `rak_` permission). */
  readonly permissions: readonly string[];
  /** Declared columns: the truth about types. Undeclared fields are inferred by the warehouse. */
  readonly fields: Readonly<Record<string, FieldType>>;
  /**
   * Set when the records come inside the pages of other collections (invoice lines inside invoices, cards inside customers
   * and accounts): the readers of all of those run when this one is selected, and this one costs no call of its own.
   */
  readonly partOf?: string | readonly string[];
  /** By which time of its records a stretch can be read by itself; absent: the collection is read whole or not at all. */
  readonly window?: 'created' | 'changed';
  /**
   * A record that a complete pass doesn't bring any more is deleted, and nothing else tells of it. Its reader states passes with
   * `Page.pass`; its records' version is `observedAt`, so that one that comes back is newer than its deletion.
   */
  readonly deletedWhenAbsent?: true;
  /** False for collections that a person must ask for. */
  readonly selectedByDefault: boolean;
  /** API calls of one sync in which nothing changed, for the forecast. */
  readonly callsPerSync: number;
  /** Set when each sync reads all of it, so many records with a call: `callsPerSync` is the least then. */
  readonly rowsPerCall?: number;
  /** API calls a day besides those, such as a look at the columns; 0 when it is left out. */
  readonly callsPerDay?: number;
  /** Of a collection that was found in an account: the partner's own name of what it holds, e.g. `Invoice__c`. */
  readonly partnerName?: string;
}

/** What a partner says of a collection's columns, in our names. */
export interface DescribedFields {
  readonly types: Readonly<Record<string, FieldType>>;
  /** Columns that are computed when they are read: they change without a change of the record. */
  readonly calculated: readonly string[];
}

/** The collections in whose pages this one's records come; empty when it has a reader of its own. */
export const parentsOf = ({ partOf }: Pick<CollectionDeclaration, 'partOf'>): readonly string[] =>
  partOf === undefined ? [] : typeof partOf === 'string' ? [partOf] : partOf;

/** The last part of a collection's topic. */
export const topicOf = ({ collections, discovered }: Pick<ConnectorDeclaration, 'collections' | 'discovered'>, collection: string): string =>
  discovered === undefined || collections.some(({ name, partnerName }) => name === collection && partnerName === undefined) ? collection : discovered.topic;

/** One input of the connector's form; drives validation, REST docs and the console. */
export interface ConfigurationField {
  readonly name: string;
  /** `secret` is encrypted, write-only and never returned. */
  readonly type: 'string' | 'secret' | 'url';
  readonly title: string;
  readonly help: string;
  readonly required: boolean;
  readonly default?: string;
  /** A regular expression (JSON Schema `pattern`). */
  readonly pattern?: string;
  readonly placeholder?: string;
}

/** One way to give access. */
export interface AuthMethod {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  /** Fields of the configuration that it takes, all of them; none for a sign-in in the browser. */
  readonly fields: readonly string[];
  /** Day on which the partner ends it, `YYYY-MM-DD`. */
  readonly endsOn?: string;
}

/** A metric or a segment that people may choose with a source: SQL over its tables in a warehouse. */
export interface TemplateDeclaration {
  /** snake_case; its own within the connector. */
  readonly name: string;
  /** `metric`: a row with `value`, or rows with `at` and `value` in order of time. `segment`: a row a member, with `id`. */
  readonly kind: 'metric' | 'segment';
  readonly title: string;
  readonly description: string;
  /** What a value is of, in few letters: `%`, `a day`. */
  readonly unit?: string;
  /** Whose tables it reads. */
  readonly collections: readonly string[];
  /** `{{source}}` stands for the source's schema. */
  readonly sql: string;
}

export interface ConnectorDeclaration {
  /** Folder, topic part and catalog id: `[a-z][a-z0-9_]*`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly documentationUrl: string;
  readonly auth: readonly ('api_key' | 'basic' | 'oauth2')[];
  readonly configuration: readonly ConfigurationField[];
  /** Where there are several, the best first. One that is complete is enough. */
  readonly methods?: readonly AuthMethod[];
  readonly collections: readonly CollectionDeclaration[];
  /**
   * Present when accounts have object collections of their own, which `Connector.discovery` finds. All of them share one topic:
   * topics grow with the catalog, never with tenants. The ids of their records must be unique in an account.
   */
  readonly discovered?: {
    /** Last part of the topic's name. */
    readonly topic: string;
    readonly title: string;
    readonly description: string;
    /** Of each of them, as in `CollectionDeclaration`: known before one is found. */
    readonly callsPerSync: number;
    readonly callsPerDay?: number;
  };
  /** Name of the setting that says every how many days collections with calculated columns are read in full; empty or 0: never. */
  readonly fullReadSetting?: string;
  readonly limits: {
    /** In words, for the catalog. */
    readonly text: string;
    /** Requests a second that we allow ourselves per endpoint. */
    readonly requestsPerSecondPerEndpoint?: number;
    /** Endpoints with a limit of their own, by the name that requests give as `endpoint`: at most so many requests in any stretch of so many milliseconds. */
    readonly endpoints?: Readonly<Record<string, { readonly requests: number; readonly windowMs: number }>>;
    /** Requests a second over all endpoints. */
    readonly requestsPerSecond?: number;
    /** The partner's own limit a day, where there is one. */
    readonly callsPerDay?: number;
  };
  readonly templates?: readonly TemplateDeclaration[];
  /** Present when the connector takes webhooks. */
  readonly webhook?: {
    /** How a person sets it up in the partner's console, as short steps. */
    readonly setup: readonly string[];
    /** Collection name that raw webhook bodies carry. */
    readonly rawCollection: string;
    /** Media types taken; anything else is answered 415. */
    readonly contentTypes: readonly string[];
    /** Largest body in bytes. */
    readonly maxBytes: number;
  };
}
