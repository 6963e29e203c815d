import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';

export class PageQuery {
  @ApiPropertyOptional({ description: 'Most items in the answer.', type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(200)
  limit: number = 50;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before.', format: 'uuid' })
  @IsOptional() @IsUUID()
  cursor?: string;
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
