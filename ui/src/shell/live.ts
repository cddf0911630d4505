import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { freshnessQuery } from '@/api/queries';
import type { Freshness } from '@/api/types';

/** What is not computed from customers' facts, or dear and read with care. */
const still = new Set(['session', 'freshness', 'check', 'estimate', 'audit', 'samples']);

/** How long pages rest between two rounds of asking, at least. */
const REST = 2000;

/** How long to wait for a stream that was refused. */
const AGAIN = 5000;

/**
 * refresher makes what is open ask again, now or when the round before has
 * ended and as long again, twice over, has passed: a slow server is not
 * pressed.
 */
function refresher(client: QueryClient) {
  let busy = false;
  let wanted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const round = async () => {
    busy = true;
    wanted = false;
    const begun = performance.now();
    await client.invalidateQueries({ predicate: (q) => !still.has(String(q.queryKey[0])) });
    timer = setTimeout(() => {
      busy = false;
      if (wanted) void round();
    }, Math.max(REST, 2 * (performance.now() - begun)));
  };
  return {
    ask: () => {
      wanted = true;
      if (!busy) void round();
    },
    stop: () => clearTimeout(timer),
  };
}

const markOf = (f: Freshness) => `${f.commits}/${f.publish}/${f.definitions_version}/${f.as_of.slice(0, 10)}`;

/**
 * useLive keeps the open page at what is published: it listens to the stream
 * of updates, and whenever answers have moved the queries ask again. While
 * there is no stream the poll of the freshness does as much, more slowly.
 */
export function useLive() {
  const client = useQueryClient();
  useEffect(() => {
    const refresh = refresher(client);
    const key = freshnessQuery.queryKey;
    let seen = '';
    const look = (f: Freshness | undefined) => {
      if (!f) return;
      const mark = markOf(f);
      if (seen && seen !== mark) refresh.ask();
      seen = mark;
    };
    look(client.getQueryData<Freshness>(key));
    const forget = client.getQueryCache().subscribe((e) => {
      if (e.type === 'updated' && e.action.type === 'success' && e.query.queryKey[0] === key[0]) look(e.query.state.data as Freshness);
    });
    let stream: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      stream = new EventSource('/api/v1/updates');
      stream.onmessage = (m: MessageEvent<string>) => client.setQueryData(key, JSON.parse(m.data) as Freshness);
      stream.onerror = () => {
        if (stream?.readyState !== EventSource.CLOSED) return; // the browser connects again by itself
        again = setTimeout(listen, AGAIN);
      };
    };
    listen();
    return () => {
      forget();
      refresh.stop();
      clearTimeout(again);
      stream?.close();
    };
  }, [client]);
}
