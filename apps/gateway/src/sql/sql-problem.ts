import { QueryFailedError, QueryRefusedError, QueryStoppedError, WarehouseRefusedError, WarehouseUnavailableError } from '#warehouse';
import { Problem } from '../http/problem.js';

/** What is wrong, by the class or the code of the SQLSTATE. */
const REMEDIES: Readonly<Record<string, string>> = {
  42601: 'Correct the statement where it is marked.',
  42703: 'Check the column\'s name; the tab Tables has them all.',
  '42P01': 'Check the table\'s name, and write its schema before it: schema.table.',
  42501: 'Only this workspace\'s tables can be read. A table made by somebody else than the loader is readable after: GRANT SELECT.',
  25006: 'Nothing can be written here. Read only.',
  '0A000': 'Only reading is possible here.',
  57014: 'Filter, or read fewer rows.',
  '55P03': 'Somebody holds a table of the query. Try again in a moment.',
};

const STOPPED = {
  cancelled: { status: 409, code: 'query_cancelled', title: 'The query was cancelled.', remedy: 'Run it again.' },
  timeout: { status: 422, code: 'query_timeout', title: 'The query took too long and was stopped.', remedy: 'Filter, aggregate or read fewer rows; EXPLAIN shows where the time goes.' },
  too_large: { status: 422, code: 'query_too_large', title: 'The query\'s rows are too large to be shown.', remedy: 'Select fewer columns, or shorten long ones: left(column, 1000).' },
} as const;

/** What a person did wrong in SQL, or the warehouse has, as a refusal; undefined for anything else. */
export function sqlProblem(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof QueryStoppedError) return new Problem(STOPPED[error.reason]);
  if (error instanceof QueryRefusedError) return new Problem({ status: 422, code: 'query_refused', title: error.message, remedy: error.remedy });
  if (error instanceof QueryFailedError) {
    const { sqlState, message, position, hint, detail } = error;
    return new Problem({
      status: 422, code: 'query_failed', title: `PostgreSQL: ${message}`, remedy: hint ?? REMEDIES[sqlState] ?? 'Correct the statement.',
      detail: `SQLSTATE ${sqlState}${detail === undefined ? '' : `: ${detail}`}`, ...(position !== undefined && { position }),
    });
  }
  if (error instanceof WarehouseUnavailableError) {
    return new Problem({ status: 503, code: 'warehouse_unavailable', title: `The warehouse does not answer (${error.reason}).`, remedy: 'Test it on its page; try again when it works.', retryAfterSeconds: 10 });
  }
  if (error instanceof WarehouseRefusedError) return new Problem({ status: 422, code: 'warehouse_refused', title: `The warehouse refused: ${error.reason}.`, remedy: error.remedy });
  return undefined;
}
