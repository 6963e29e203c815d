import type { Model } from '#persistence';
import type { ModelMember } from '#warehouse';
import { invalid } from '../http/problem.js';
import type { ModelMemberListDto, ModelMembersQuery, ModelDto } from './models.dto.js';

export const shown = ({ id, warehouseId, name, slug, description, statement, intervalMinutes, enabled, nextRunAt, author, createdAt, updatedAt, lastRun, lastSuccess, deleting }: Model): ModelDto => ({
  id, warehouseId, name, slug, description, statement, intervalMinutes, enabled, nextRunAt: enabled ? nextRunAt : null, author, createdAt, updatedAt, lastRun, lastSuccess, deleting,
});

/** A page by the user's id; the cursor is the last one, so that it fits into a URL. */
export async function membersOf({ limit, cursor }: ModelMembersQuery, read: (limit: number, after: string | undefined) => Promise<ModelMember[]>): Promise<ModelMemberListDto> {
  const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
  if (after?.includes('\u0000') === true) throw invalid([{ field: 'cursor', message: 'cursor must be a nextCursor' }]);
  const found = await read(limit + 1, after);
  const data = found.slice(0, limit);
  return { data, nextCursor: found.length > limit ? Buffer.from(data.at(-1)?.userId ?? '').toString('base64url') : null };
}
