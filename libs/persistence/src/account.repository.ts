import type { CollectionDeclaration, DescribedFields } from '#connector-kit';
import type { DataSource, EntityManager } from 'typeorm';
import { jsonb, rows } from './database.js';

/** What is known of a collection's columns from the partner; `version` grows with each change. */
export interface DescribedCollection extends DescribedFields { readonly collection: string; readonly version: number }

/** Writes what was found in a source's account; what isn't there any more stays known, for it may be selected. */
export async function keepFound(tx: EntityManager, sourceId: string, found: readonly CollectionDeclaration[]): Promise<void> {
  await rows(tx, `insert into found_collections (source_id, collection, declaration) select $1, one ->> 'name', one from jsonb_array_elements($2::jsonb) one
    on conflict (source_id, collection) do update set declaration = excluded.declaration, found_at = now()`, [sourceId, jsonb(found)]);
}

/** The version that holds these types. A column that isn't described any more keeps its type: rows of it may still come. */
export async function keepDescribed(database: DataSource, sourceId: string, collection: string, { types, calculated }: DescribedFields): Promise<number> {
  const [kept] = await rows<{ version: number }>(database, `
    insert into described_fields (source_id, collection, types, calculated) values ($1, $2, $3::jsonb, $4)
    on conflict (source_id, collection) do update set types = described_fields.types || excluded.types, calculated = excluded.calculated, described_at = now(),
      version = described_fields.version + case when described_fields.types @> excluded.types then 0 else 1 end
    returning version`, [sourceId, collection, jsonb(types), calculated]);
  return kept?.version ?? 1;
}

/** What only a source's account knows: its own collections, and the types of its columns. */
export class AccountRepository {
  constructor(private readonly database: DataSource) {}

  /** In alphabetical order. */
  async found(sourceId: string): Promise<CollectionDeclaration[]> {
    const known = await rows<{ declaration: CollectionDeclaration }>(this.database, 'select declaration from found_collections where source_id = $1 order by collection', [sourceId]);
    return known.map(({ declaration }) => declaration);
  }

  keepFound(sourceId: string, found: readonly CollectionDeclaration[]): Promise<void> { return keepFound(this.database.manager, sourceId, found); }

  described(sourceId: string): Promise<DescribedCollection[]> {
    return rows(this.database, 'select collection, types, calculated, version from described_fields where source_id = $1', [sourceId]);
  }
}
