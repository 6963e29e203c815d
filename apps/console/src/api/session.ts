import { useQuery } from '@tanstack/react-query';
import { answer, api, type Schemas } from './client';

export type Account = Schemas['AccountDto'];
type Role = Schemas['Role'];

export const sessionQuery = { queryKey: ['session'], queryFn: () => answer(api.GET('/api/v1/session')), staleTime: 60_000 } as const;

const RANK: Record<Role, number> = { viewer: 0, editor: 1, owner: 2 };

/** Whether the person may do what needs `least`; false until it is known. */
export function useMay(least: Role): boolean {
  const { data } = useQuery(sessionQuery);
  return data !== undefined && RANK[data.role] >= RANK[least];
}
