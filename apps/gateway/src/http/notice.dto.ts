import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { NOTICE_CODES } from '#contracts';

/** A warning, as runs, collections and sources carry it. */
export class NoticeDto {
  @ApiProperty({ enum: NOTICE_CODES, enumName: 'NoticeCode' }) code!: string;
  @ApiProperty({ description: 'What was noticed, about what.' }) title!: string;
  @ApiProperty({ description: 'What to do next.' }) remedy!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiPropertyOptional() collection?: string;
}
