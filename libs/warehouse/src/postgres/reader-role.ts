import type { Client } from 'pg';
import { WarehouseRefusedError } from '../errors.js';
import { quote } from './naming.js';
import { scramVerifier } from './scram.js';
import { sqlState } from './sqlstate.js';

/** Key of the advisory lock under which roles and their grants are made. */
const LOCK = 7_263_002;

/** The login that an administrator makes: it can come in, and do nothing until the loader grants it what it should read. */
const recipe = (role: string, database: string): string => `CREATE ROLE ${quote(role)} LOGIN PASSWORD '…'; GRANT CONNECT ON DATABASE ${quote(database)} TO ${quote(role)};`;

interface RoleState { readonly there: boolean; readonly strong: boolean; readonly member: boolean; readonly connect: boolean; readonly database: string; readonly login: string; readonly maker: boolean }

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
    await begin(client);
    const now = await stateOf(client, role);
    const login = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${scramVerifier(password)}'`;
    if (!now.there) await client.query(`CREATE ROLE ${quote(role)} ${login}`);
    else if (renew) await client.query(`ALTER ROLE ${quote(role)} PASSWORD '${scramVerifier(password)}'`);
    if (!now.connect) await client.query(`GRANT CONNECT ON DATABASE ${quote(now.database)} TO ${quote(role)}`);
    await grant(client, role, schemas);
    check(await stateOf(client, role), role);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    if (sqlState(error) !== '42501') throw error;
    throw new WarehouseRefusedError(`${before.login} may not make a login that can only read`, remedyOf(before), { cause: error });
  }
}

/**
 * Lets a login that an administrator made read these schemas, and nothing else. The tables are the loader's, so it may grant that without CREATEROLE.
 * @throws WarehouseRefusedError when it isn't there, can write, or can read what isn't this workspace's
 */
export async function ensureGivenRole(client: Client, role: string, schemas: readonly string[]): Promise<void> {
  const state = await stateOf(client, role);
  if (!state.there) throw new WarehouseRefusedError(`there is no login ${role} for SQL`, `An administrator makes it: ${recipe(role, state.database)}`);
  if (role === state.login) throw new WarehouseRefusedError(`${role} is the login that loads, so SQL could write`, `SQL needs one of its own. An administrator makes it: ${recipe('cs_reader', state.database)}`);
  check(state, role, `An administrator makes another one: ${recipe(`${role}_sql`, state.database)}`);
  if (!state.connect) throw new WarehouseRefusedError(`${role} may not connect to the database`, `An administrator runs: GRANT CONNECT ON DATABASE ${quote(state.database)} TO ${quote(role)};`);
  const [power] = await powers(client, role, schemas);
  if (power !== undefined) throw new WarehouseRefusedError(`${role} can ${power.what}, and a login for SQL may only read this workspace's tables`, `An administrator runs: ${power.undo}`);
  if ((await lacking(client, role, schemas)).length === 0) return;
  try {
    await begin(client);
    await grant(client, role, schemas);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Takes back what `ensureGivenRole` granted; the login stays, for it isn't ours. */
export async function letGivenRoleGo(client: Client, role: string, schemas: readonly string[]): Promise<void> {
  if (!(await stateOf(client, role)).there) return;
  const { rows } = await client.query<{ schema: string }>('SELECT nspname::text AS schema FROM pg_namespace WHERE nspname = ANY ($1)', [schemas]);
  for (const { schema } of rows) {
    await client.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA ${quote(schema)} REVOKE SELECT ON TABLES FROM ${quote(role)}`);
    await client.query(`REVOKE SELECT ON ALL TABLES IN SCHEMA ${quote(schema)} FROM ${quote(role)}`);
    await client.query(`REVOKE USAGE ON SCHEMA ${quote(schema)} FROM ${quote(role)}`);
  }
}

/** Why no login for SQL can be made; undefined: it can, or is there. */
export async function missingForReader(client: Client, role: string): Promise<{ readonly problem: string; readonly remedy: string } | undefined> {
  const state = await stateOf(client, role);
  return state.there || state.maker ? undefined : { problem: `${state.login} may not make a login that can only read, so SQL, traits and audiences can't be used.`, remedy: remedyOf(state) };
}

const remedyOf = ({ login, database }: RoleState): string =>
  `An administrator either runs: ALTER ROLE ${quote(login)} CREATEROLE; or makes a login that you enter in the warehouse's settings: ${recipe('cs_reader', database)} SQL is never run by the login that loads.`;

async function begin(client: Client): Promise<void> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
}

async function grant(client: Client, role: string, schemas: readonly string[]): Promise<void> {
  for (const { schema, tables } of await lacking(client, role, schemas)) {
    await client.query(`GRANT USAGE ON SCHEMA ${quote(schema)} TO ${quote(role)}`);
    if (tables.length > 0) await client.query(`GRANT SELECT ON ${tables.map((table) => `${quote(schema)}.${quote(table)}`).join(', ')} TO ${quote(role)}`);
    await client.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA ${quote(schema)} GRANT SELECT ON TABLES TO ${quote(role)}`);
  }
}

/** A login that can do more than read is not used. */
function check({ strong, member }: RoleState, role: string, otherwise = `DROP ROLE ${quote(role)} makes it anew.`): void {
  if (strong || member) throw new WarehouseRefusedError(`${role} ${strong ? 'has rights of an administrator' : 'is a member of other roles'}`, `Take them away: the login may only read. ${otherwise}`);
}

async function stateOf(client: Client, role: string): Promise<RoleState> {
  const { rows: [state] } = await client.query<RoleState>(`SELECT r.oid IS NOT NULL AS there, coalesce(r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls, false) AS strong,
    EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS member, CASE WHEN r.oid IS NULL THEN false ELSE has_database_privilege(r.oid, current_database(), 'CONNECT') END AS connect,
    current_database() AS database, current_user AS login, (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS maker FROM (SELECT 1) AS one LEFT JOIN pg_roles AS r ON r.rolname = $1`, [role]);
  if (state === undefined) throw new Error('PostgreSQL answered a query of constants without a row');
  return state;
}

/** What the login can do beyond reading these schemas, each with the statement that ends it. What everybody may do in `public` is left out: statements run in read-only transactions. */
async function powers(client: Client, role: string, schemas: readonly string[]): Promise<{ what: string; undo: string }[]> {
  const { rows } = await client.query<{ what: string; undo: string }>(`WITH r AS (SELECT oid, rolname FROM pg_roles WHERE rolname = $1),
      n AS (SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
    SELECT 'write ' || t.name AS what, CASE WHEN c.relowner = r.oid THEN format('ALTER TABLE %s OWNER TO %I;', t.name, current_user) ELSE format('REVOKE ALL ON %s FROM %I, PUBLIC;', t.name, r.rolname) END AS undo
      FROM r, n JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') CROSS JOIN LATERAL (SELECT format('%I.%I', n.nspname, c.relname) AS name) AS t
      WHERE c.relowner = r.oid OR has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    UNION ALL SELECT format('make tables in the schema %I', nspname), format('REVOKE CREATE ON SCHEMA %I FROM %I, PUBLIC;', nspname, rolname) FROM r, n WHERE nspname <> 'public' AND has_schema_privilege(r.oid, n.oid, 'CREATE')
    UNION ALL SELECT 'make schemas in the database', format('REVOKE CREATE ON DATABASE %I FROM %I, PUBLIC;', current_database(), rolname) FROM r WHERE has_database_privilege(r.oid, current_database(), 'CREATE')
    UNION ALL SELECT format('read the schema %I', nspname), format('REVOKE ALL ON SCHEMA %I FROM %I, PUBLIC;', nspname, rolname) FROM r, n
      WHERE NOT nspname = ANY ($2) AND nspname <> 'public' AND nspowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND has_schema_privilege(r.oid, n.oid, 'USAGE') LIMIT 1`, [role, schemas]);
  return rows;
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
