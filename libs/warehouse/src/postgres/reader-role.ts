import type { Client } from 'pg';
import { WarehouseRefusedError } from '../errors.js';
import { quote } from './naming.js';
import { scramVerifier } from './scram.js';
import { sqlState } from './sqlstate.js';

/** Key of the advisory lock under which roles and their grants are made. */
const LOCK = 7_263_002;

interface RoleState { readonly there: boolean; readonly strong: boolean; readonly member: boolean; readonly connect: boolean; readonly database: string; readonly login: string }

/**
 * Makes the login, and lets it read these schemas: their tables and views, also those made later. It is a login of its own and not a role that
 * the loader's session changes to: from that, a statement finds its way back (`set_config('role', …)`).
 * @param password given to a new login, and to one that is there when `renew` is set
 * @throws WarehouseRefusedError that says what to grant when the loader's login may not
 */
export async function ensureReaderRole(client: Client, role: string, password: string, schemas: readonly string[], renew: boolean): Promise<void> {
  const before = await stateOf(client, role);
  if (before.there && before.connect && !renew && (await lacking(client, role, schemas)).length === 0) return check(before, role);
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const now = await stateOf(client, role);
    const login = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${scramVerifier(password)}'`;
    if (!now.there) await client.query(`CREATE ROLE ${quote(role)} ${login}`);
    else if (renew) await client.query(`ALTER ROLE ${quote(role)} PASSWORD '${scramVerifier(password)}'`);
    if (!now.connect) await client.query(`GRANT CONNECT ON DATABASE ${quote(now.database)} TO ${quote(role)}`);
    for (const { schema, tables } of await lacking(client, role, schemas)) {
      await client.query(`GRANT USAGE ON SCHEMA ${quote(schema)} TO ${quote(role)}`);
      if (tables.length > 0) await client.query(`GRANT SELECT ON ${tables.map((table) => `${quote(schema)}.${quote(table)}`).join(', ')} TO ${quote(role)}`);
      await client.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA ${quote(schema)} GRANT SELECT ON TABLES TO ${quote(role)}`);
    }
    check(await stateOf(client, role), role);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    if (sqlState(error) !== '42501') throw error;
    throw new WarehouseRefusedError(`${before.login} may not make a login that can only read`, `Let it, with a superuser: ALTER ROLE ${quote(before.login)} CREATEROLE; SQL is run by a login of its own, never by the one that loads.`, { cause: error });
  }
}

/** A login that can do more than read is not used. */
function check({ strong, member }: RoleState, role: string): void {
  if (strong || member) throw new WarehouseRefusedError(`${role} ${strong ? 'has rights of an administrator' : 'is a member of other roles'}`, `Take them away: the login may only read. DROP ROLE ${quote(role)} makes it anew.`);
}

async function stateOf(client: Client, role: string): Promise<RoleState> {
  const { rows: [state] } = await client.query<RoleState>(`SELECT r.oid IS NOT NULL AS there, coalesce(r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls, false) AS strong,
    EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS member, CASE WHEN r.oid IS NULL THEN false ELSE has_database_privilege(r.oid, current_database(), 'CONNECT') END AS connect,
    current_database() AS database, current_user AS login FROM (SELECT 1) AS one LEFT JOIN pg_roles AS r ON r.rolname = $1`, [role]);
  if (state === undefined) throw new Error('PostgreSQL answered a query of constants without a row');
  return state;
}

/** Schemas that are there and not wholly readable, with their tables and views that we may grant. */
async function lacking(client: Client, role: string, schemas: readonly string[]): Promise<{ schema: string; tables: string[] }[]> {
  const { rows } = await client.query<{ schema: string; tables: string[] }>(`SELECT n.nspname::text AS schema, coalesce(array_agg(c.relname::text) FILTER (WHERE c.oid IS NOT NULL), '{}') AS tables
    FROM pg_namespace AS n JOIN pg_roles AS r ON r.rolname = $1
    LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT has_table_privilege(r.oid, c.oid, 'SELECT') AND pg_has_role(c.relowner, 'USAGE')
    WHERE n.nspname = ANY ($2) GROUP BY n.oid, n.nspname, r.oid
    HAVING NOT has_schema_privilege(r.oid, n.oid, 'USAGE') OR count(c.oid) > 0
      OR NOT EXISTS (SELECT FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS a WHERE d.defaclnamespace = n.oid AND d.defaclobjtype = 'r' AND d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND a.grantee = r.oid)`,
  [role, schemas]);
  return rows;
}

/** Takes the login away, with all that it was granted. */
export async function dropReaderRole(client: Client, role: string): Promise<void> {
  if (!(await stateOf(client, role)).there) return;
  await client.query(`GRANT ${quote(role)} TO CURRENT_USER`);
  await client.query(`DROP OWNED BY ${quote(role)}`);
  await client.query(`DROP ROLE ${quote(role)}`);
}
