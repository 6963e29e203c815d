import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useMemo } from 'react';
import { tablesQuery } from '../../api/queries';

const Editor = lazy(() => import('./editor'));

/** The editor, fetched when it is needed, with the names of a warehouse's tables and columns. */
export function SqlEditor({ warehouseId, ...rest }: { warehouseId: string; label: string; hint?: string; value: string; onChange: (value: string) => void; onRun?: () => void; wrongAt?: number | undefined }) {
  const { data } = useQuery(tablesQuery(warehouseId));
  const tables = useMemo(() => {
    const schemas: Record<string, Record<string, string[]>> = {};
    for (const { schema, name, columns } of data ?? []) (schemas[schema] ??= {})[name] = columns.map((column) => column.name);
    return schemas;
  }, [data]);
  return <Suspense fallback={<Skeleton height={170} />}><Editor tables={tables} {...rest} /></Suspense>;
}
