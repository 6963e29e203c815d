import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

interface News { readonly sourceId: string; readonly runId: string }

/**
 * News of runs by server-sent events: what they touch is asked for again, at most twice a second. One stream for the whole
 * console; the browser connects it again by itself.
 */
export function useLive(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const stream = new EventSource('/api/v1/live');
    const touched = new Map<string, News>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      timer = undefined;
      for (const { runId, sourceId } of touched.values()) {
        void queries.invalidateQueries({ queryKey: ['run', runId] });
        void queries.invalidateQueries({ queryKey: ['source', sourceId] });
      }
      if (touched.size > 0) void queries.invalidateQueries({ queryKey: ['sources'] });
      touched.clear();
    };
    const hear = (event: MessageEvent<string>): void => {
      const news = JSON.parse(event.data) as News;
      touched.set(news.runId, news);
      timer ??= setTimeout(flush, 500);
    };
    for (const type of ['run.changed', 'collection.changed']) stream.addEventListener(type, hear);
    return () => { clearTimeout(timer); stream.close(); };
  }, [queries]);
}
