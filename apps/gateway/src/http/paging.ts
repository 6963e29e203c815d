import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsUUID, Matches, Max, Min } from 'class-validator';
import { Optional } from './optional.js';

export class PageQuery {
  @ApiPropertyOptional({ description: 'Most items in the answer.', type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200)
  limit: number = 50;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before.', format: 'uuid' })
  @Optional() @IsUUID()
  cursor?: string;
}

/** Of a list that is read as a whole, in an order of its own. */
export class ListQuery {
  @ApiPropertyOptional({ description: 'Most items in the answer.', type: 'integer', minimum: 1, maximum: 1_000, default: 200 })
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(1_000)
  limit: number = 200;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before.', pattern: '^[\\w-]{1,1000}$' }) @Optional() @Matches(/^[\w-]{1,1000}$/, { message: 'cursor must be a nextCursor' }) cursor?: string;
}

export abstract class Page {
  @ApiProperty({ type: String, nullable: true, description: 'Pass it as `cursor` for the next page; null on the last one.' })
  nextCursor!: string | null;
}

/** A page out of one item more than its limit. */
export function page<T extends { readonly id: string }>(items: readonly T[], limit: number): { items: readonly T[]; nextCursor: string | null } {
  const shown = items.slice(0, limit);
  return { items: shown, nextCursor: items.length > limit ? shown.at(-1)?.id ?? null : null };
}

/**
 * A page out of a whole list. Its cursor is the last item's name, and where that stood: there it goes on when the item is gone by then.
 * @param nameOf distinct in the list
 */
export function pageOf<T>(items: readonly T[], { limit, cursor }: ListQuery, nameOf: (item: T) => string): { data: T[]; nextCursor: string | null } {
  const [, at = '0', name = ''] = /^(\d{1,9}) (.*)$/s.exec(Buffer.from(cursor ?? '', 'base64url').toString()) ?? [];
  const found = cursor === undefined ? -1 : items.findIndex((item) => nameOf(item) === name);
  const from = found >= 0 ? found + 1 : Number(at);
  const data = items.slice(from, from + limit);
  const last = data.at(-1);
  return { data, nextCursor: last === undefined || from + limit >= items.length ? null : Buffer.from(`${from + limit - 1} ${nameOf(last)}`).toString('base64url') };
}
