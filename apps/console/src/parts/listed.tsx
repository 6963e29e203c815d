import { Button, Center, Stack } from '@mantine/core';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Failed, Loading } from './state-view';

/** A list that is read page by page: what is there so far, and a button for more. */
export function Listed<T>({ query, empty, more, children }: { query: UseInfiniteQueryResult<InfiniteData<{ data: T[] }>>; empty: ReactNode; more: string; children: (items: readonly T[]) => ReactNode }) {
  if (query.data === undefined) return query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  const items = query.data.pages.flatMap(({ data }) => data);
  if (items.length === 0) return <>{empty}</>;
  return <Stack>{children(items)}{query.hasNextPage && <Center><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{more}</Button></Center>}</Stack>;
}
