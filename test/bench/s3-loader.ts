import type { BenchContext, BenchResult } from './measure/report.js';
export async function s3(_context: BenchContext): Promise<BenchResult> { throw new Error('not yet'); }
