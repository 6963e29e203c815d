import type { CloudSourcesError, ErrorReport, RawRecordMeta } from '#contracts';
import type { Credentials } from './credentials.js';
import type { CollectionDeclaration, ConnectorDeclaration, DescribedFields } from './declaration.js';
import type { PartnerAnswer, PartnerHttp, Quota } from './http/types.js';
import type { OAuth } from './oauth/oauth.js';

export type { Credentials } from './credentials.js';

/** Where the next run of a collection goes on. Any JSON; opaque to the runtime. */
export type Checkpoint = Readonly<Record<string, unknown>>;

/**
 * A run's shared memory: collections of one run use it to make a call once instead of once each.
 * `once(key, make)` returns the same promise for the same key until the run ends (a rejected one is forgotten).
 */
export interface RunScope {
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
}

/** A stretch of time in milliseconds since the epoch, both ends included. */
export interface ReadWindow { readonly from: number; readonly to: number }

export interface ReadContext {
  /** Authenticated, rate-limited, retrying and counted; the only way to the partner. */
  readonly http: PartnerHttp;
  readonly credentials: Credentials;
  /** What the last durable page of this collection left; undefined on the first run. */
  readonly checkpoint: Checkpoint | undefined;
  /** Checkpoints of all collections of this source, for reads that several of them share. */
  readonly checkpoints: Readonly<Record<string, Checkpoint | undefined>>;
  /** The sync start date: nothing older is asked for where the partner can filter. Milliseconds since the epoch. */
  readonly startDate: number;
  /**
   * Only this stretch is read, by the time that the collection's `window` names; what lies outside may come too, what lies inside
   * must. Only given to collections that declare it, together with checkpoints that belong to this stretch.
   */
  readonly window?: ReadWindow;
  /** Names of the selected collections, parts included. */
  readonly selected: ReadonlySet<string>;
  readonly run: RunScope;
  /** Milliseconds since the epoch on the partner's clock (ours, corrected by the partner's `Date` header). */
  now(): number;
  /** Aborted when the run is cancelled or its lease is lost. */
  readonly signal: AbortSignal;
  warn(message: string): void;
}

/** What a page is to a pass over the whole of a collection that declares `deletedWhenAbsent`. */
export interface PassPage {
  /** Ids of all records of the collection in the page, as `normalize` gives them. */
  readonly ids: readonly string[];
  /** The first page: nothing stands before it. */
  readonly begins: boolean;
  /** The last page: nothing that the partner has was left out since the first. */
  readonly ends: boolean;
}

/** One answer of the partner, byte for byte, on its way to the raw topic. */
export interface Page {
  readonly body: Buffer;
  /** Dotted path of the array of records in the body; `''` when the body is one record. */
  readonly recordsAt: string;
  /** Raw collection when it isn't the one being read (a change feed read on behalf of others). */
  readonly rawCollection?: string;
  /** Records found, per collection (parts included), for the run pane. */
  readonly counts: Readonly<Record<string, number>>;
  /** See `RawRecordMeta.observedAt`. */
  readonly observedAt: number;
  /** Path and query, without credentials. */
  readonly request: string;
  readonly contentType?: string;
  /** Types of the columns of the collection that is read, where the partner describes them. */
  readonly fields?: DescribedFields;
  /** Present while what is read can still become a complete pass, see `CollectionDeclaration.deletedWhenAbsent`; a page without it ends that. */
  readonly pass?: PassPage;
  /** Saved once this page and all before it are durable. Absent: the checkpoint stays where it was. */
  readonly checkpoint?: Checkpoint;
}

/** Result for one collection of `check`. */
export interface CollectionAccess {
  readonly collection: string;
  readonly readable: boolean;
  readonly error?: ErrorReport;
}

export interface CheckResult {
  /** Who the credentials belong to, e.g. `acct_123 (Acme)`; shown to the person. */
  readonly account: string;
  /** The partner's own id of the account, e.g. `acct_123` or an organization id: sources that have the same share its limits. Absent when the credentials may not tell. */
  readonly accountId?: string;
  readonly access: readonly CollectionAccess[];
}

/** One collection's reader. Ends when the collection is read; throws an error of the taxonomy when it can't be. */
export type ReadCollection = (context: ReadContext) => AsyncIterable<Page>;

/** What `check` and `discover` get. */
export interface CheckContext extends Pick<ReadContext, 'http' | 'credentials' | 'signal'> {
  /** What was found in this account before, of what is asked about. */
  readonly found?: readonly CollectionDeclaration[];
}

/** Collections that only the account knows (custom objects). */
export interface Discovery {
  /**
   * All that the credentials may see, in as few calls as can be; `fields` may be left empty for the pages to tell. A name stays
   * the same from call to call, and is none of the declared ones.
   * @throws as `Connector.check`
   */
  discover(context: CheckContext): Promise<readonly CollectionDeclaration[]>;
  reader(collection: CollectionDeclaration): ReadCollection;
}

/** A normalised record on its way to a topic. */
export interface NormalizedRecord {
  readonly collection: string;
  readonly kind: 'object' | 'event';
  readonly id: string;
  /** Objects: higher is newer. Integer, 0 to 2^53. Events: 0. */
  readonly version: number;
  readonly deleted?: boolean;
  /** Objects: `data` holds some of the columns only, the others stay as they are; a sync brings the whole record with this version or a newer one. */
  readonly partial?: boolean;
  /** Events: snake_case name, the partner's spelling, ISO 8601 instant. */
  readonly event?: string;
  readonly eventText?: string;
  readonly timestamp?: string;
  readonly data: Record<string, unknown>;
}

/** A part of a page that couldn't be normalised; goes to the dead letter with the record's bytes. */
export interface NormalizeFailure {
  readonly failure: { readonly reason: string; readonly message: string };
}

/**
 * One parsed record of a page, or one webhook body, to the records it holds. Pure and deterministic.
 * Numbers that a double can't hold exactly arrive as `LosslessNumber` and must be passed on as they are.
 */
export type Normalize = (record: Record<string, unknown>, meta: RawRecordMeta) => readonly (NormalizedRecord | NormalizeFailure)[];

export interface WebhookRequest {
  readonly method: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As it came over the wire. */
  readonly body: Buffer;
  /** The public URL that the partner called. */
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

export type WebhookVerdict =
  | { readonly ok: true; /** The partner's id of the delivery or event. */ readonly deliveryId: string; /** Index of the secret that matched. */ readonly secret: number }
  | { readonly ok: false; /** `missing_signature`, `bad_signature`, `stale_timestamp`, … */ readonly reason: string };

export interface WebhookHandler {
  /** Checks the signature on the raw bytes with any of the active secrets, newest first, in constant time. */
  verify(request: WebhookRequest, secrets: readonly string[]): WebhookVerdict;
  /**
   * What is kept of a body that was taken, where it isn't the body itself: as JSON when the partner sends something else, and
   * without secrets that the partner puts in. Absent: the bytes as they came, one record. Must not throw; what can't be read is
   * kept as text, for the dead letter.
   */
  keep?(body: Buffer): { readonly body: Buffer; /** As in `Page.recordsAt`. */ readonly recordsAt: string; readonly contentType: string };
  /** What the partner must be answered with 200, where it reads more than the status. */
  readonly acknowledgement?: { readonly contentType: string; readonly body: string };
}

export interface Connector {
  readonly declaration: ConnectorDeclaration;
  /** Present when people connect by OAuth 2 (the declaration's `auth` says so too). */
  readonly oauth?: OAuth;
  /** Headers that authenticate a request; asked again when the credentials were renewed. */
  authenticate(credentials: Credentials): Readonly<Record<string, string>>;
  /** The API's base URL for these credentials, without a trailing slash. */
  baseUrl(credentials: Credentials): string;
  /** Maps a partner's non-2xx answer to the taxonomy; undefined leaves it to the kit's defaults by status. */
  mapError?(answer: PartnerAnswer): CloudSourcesError | undefined;
  /** Overrides whether a failed request is sent again, e.g. by a header of the partner's; undefined leaves it to the kit (409, 429, 5xx: yes). */
  shouldRetry?(answer: PartnerAnswer): boolean | undefined;
  /** What an answer, of any status, says of the partner's own limit; `path` as asked for, with the query. */
  quota?(answer: Pick<PartnerAnswer, 'headers' | 'path'>): Quota | undefined;
  /**
   * Tests the credentials and, per collection, the permission to read it.
   * @throws AuthenticationFailedError | ConfigurationInvalidError | PartnerUnavailableError | PartnerContractError
   */
  check(context: CheckContext, collections?: readonly string[]): Promise<CheckResult>;
  /** Readers by collection name; a collection with `partOf` has none. */
  readonly readers: Readonly<Record<string, ReadCollection>>;
  /**
   * Name of the reader of the partner's change feed, where there is one. It runs first in every run, selected or not, and
   * leaves what changed in the run scope for the readers after it; it decides by `checkpoints` and `selected` whether it
   * makes any call.
   */
  readonly changeFeed?: string;
  /** Present when the declaration says `discovered`. `normalize` takes their records by the name of the collection. */
  readonly discovery?: Discovery;
  readonly normalize: Normalize;
  readonly webhook?: WebhookHandler;
}
