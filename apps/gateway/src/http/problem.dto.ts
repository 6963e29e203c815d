import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ERROR_CODES } from '#contracts';
import { PROBLEM_CODES } from './problem.js';

class FieldErrorDto {
  @ApiProperty({ description: 'Path of the field.' }) field!: string;
  @ApiProperty() message!: string;
}

/** What every refusal looks like: problem details (RFC 9457). */
export class ProblemDto {
  @ApiProperty({ description: 'A URN that ends with the code.' }) type!: string;
  @ApiProperty() status!: number;
  @ApiProperty({ enum: [...PROBLEM_CODES, ...ERROR_CODES], enumName: 'ProblemCode' }) code!: string;
  @ApiProperty({ description: 'What happened, to what.' }) title!: string;
  @ApiProperty({ description: 'What to do next.' }) remedy!: string;
  @ApiPropertyOptional({ description: 'The partner\'s or the warehouse\'s own words.' }) detail?: string;
  @ApiPropertyOptional({ type: () => FieldErrorDto, isArray: true }) errors?: FieldErrorDto[];
  @ApiPropertyOptional({ description: 'What to quote to support.' }) supportReference?: string;
  @ApiPropertyOptional({ description: 'Of SQL that failed: where in the statement, 1-based, in Unicode characters.' }) position?: number;
}

/** An error of the taxonomy, as runs and sources carry it. */
export class ErrorReportDto {
  @ApiProperty({ enum: ERROR_CODES, enumName: 'ErrorCode' }) code!: string;
  @ApiProperty({ description: 'What happened, to what.' }) title!: string;
  @ApiProperty({ description: 'What to do next.' }) remedy!: string;
  @ApiPropertyOptional({ description: 'The partner\'s own words.' }) details?: string;
  @ApiPropertyOptional({ description: 'Milliseconds until a repeat makes sense.' }) retryAfterMs?: number;
  @ApiPropertyOptional({ description: 'What to quote to support.' }) supportReference?: string;
}
