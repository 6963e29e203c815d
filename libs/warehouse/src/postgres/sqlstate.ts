import { WarehouseRefusedError, WarehouseUnavailableError } from '../errors.js';

/**
 * What an error of PostgreSQL asks for. `retry`: the same again, rolled back and safe. `away`: wait, then read the
 * positions again. `rows`: some row of the batch is the cause. `replan`: the table isn't what we thought. `stop`: a person.
 */
export type ErrorClass = 'retry' | 'away' | 'rows' | 'replan' | 'stop' | 'bug';

interface DatabaseError { readonly code?: unknown; readonly message?: unknown }

export const sqlState = (error: unknown): string | undefined => {
  const code = (error as DatabaseError | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
};

const RETRY = new Set(['40001', '40P01', '55P03', '57014']);
const REPLAN = new Set(['42701', '42703', '42P01', '42P07', '0A000', '54011', '42804', '3F000', '42P10']);
const ROWS = new Set(['54000', '54001', '21000']);

/** By SQLSTATE; an error without one is the connection's. */
export function classify(error: unknown): ErrorClass {
  const code = sqlState(error);
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return isConnectionError(error) ? 'away' : 'bug';
  if (RETRY.has(code)) return 'retry';
  if (REPLAN.has(code)) return 'replan';
  if (ROWS.has(code) || code.startsWith('22') || code.startsWith('23')) return 'rows';
  if (code.startsWith('28') || code === '3D000' || code === '42501') return 'stop';
  // 25006: a standby or a read-only disk. 55000: a database that takes no connections for now.
  if (code.startsWith('08') || code.startsWith('57P') || code.startsWith('53') || code === '25006' || code === '55000' || code === '25P03' || code === '25P04' || code === '58030') return 'away';
  return 'bug';
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return sqlState(error) !== undefined || /connection|timeout|socket|terminated|not queryable|ended|SSL/i.test(error.message);
}

/** The port's error for one of PostgreSQL's, without values or credentials. Others are passed on as they are. */
export function portError(error: unknown): unknown {
  const code = sqlState(error);
  switch (classify(error)) {
    case 'away': return new WarehouseUnavailableError(code === '53100' ? 'its disk is full' : `PostgreSQL: ${code ?? (error as Error).name}`, { cause: error });
    case 'retry': return new WarehouseUnavailableError(`PostgreSQL is busy: ${code}`, { cause: error });
    case 'stop': return new WarehouseRefusedError(`PostgreSQL says ${code}`, code === '42501' ? 'Give the loader\'s login CREATE on the database and ownership of its schemas.' : 'Correct the login or the database name in the warehouse\'s URL.', { cause: error });
    default: return error;
  }
}
