import { hash, verify } from '@node-rs/argon2';

/** argon2id with the parameters of OWASP's password storage recommendation: 19 MiB, 2 passes, 1 lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

let nobody: Promise<string> | undefined;

export const hashPassword = (password: string): Promise<string> => hash(password, COST);

/** Takes as long without a hash (no such user) as with one, so that the time doesn't tell who has an account. */
export async function passwordMatches(passwordHash: string | undefined, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? await (nobody ??= hashPassword('nobody')), password);
  return matches && passwordHash !== undefined;
}
