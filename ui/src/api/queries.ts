// Every question the console asks, with the key it is kept under.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import type { paths } from './schema';

export type CustomerFilter = NonNullable<paths['/api/v1/customers']['get']['parameters']['query']>;

const seldom = { staleTime: 5 * 60_000 } as const;
const asOf = (as_of?: string) => ({ params: { query: as_of ? { as_of } : {} } });

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => answer(api.GET('/api/v1/session')),
  staleTime: Infinity,
  retry: false,
});

export const freshnessQuery = queryOptions({
  queryKey: ['freshness'],
  queryFn: () => answer(api.GET('/api/v1/freshness')),
  refetchInterval: 10_000,
  retry: false,
});

export const overviewQuery = (as_of?: string) =>
  queryOptions({
    queryKey: ['overview', as_of ?? ''],
    queryFn: () => answer(api.GET('/api/v1/overview', asOf(as_of))),
    placeholderData: keepPreviousData,
    ...seldom,
  });

export const customersQuery = (query: CustomerFilter) =>
  queryOptions({
    queryKey: ['customers', query],
    queryFn: () => answer(api.GET('/api/v1/customers', { params: { query } })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

export const customerQuery = (id: string, as_of?: string) =>
  queryOptions({
    queryKey: ['customer', id, as_of ?? ''],
    queryFn: () => answer(api.GET('/api/v1/customers/{id}', { params: { path: { id }, query: as_of ? { as_of } : {} } })),
    staleTime: 30_000,
  });

export const eventsQuery = (id: string, event?: string) =>
  infiniteQueryOptions({
    queryKey: ['events', id, event ?? ''],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/customers/{id}/events', {
          params: { path: { id }, query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}), ...(event ? { event } : {}) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: 30_000,
  });

export type ChangesFilter = NonNullable<paths['/api/v1/changes']['get']['parameters']['query']>;

export const changesQuery = (query: ChangesFilter) =>
  queryOptions({
    queryKey: ['changes', query],
    queryFn: () => answer(api.GET('/api/v1/changes', { params: { query } })),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ['history', id],
    queryFn: () => answer(api.GET('/api/v1/customers/{id}/history', { params: { path: { id } } })),
    staleTime: 30_000,
  });

export type ReasonKind = 'tag' | 'segment' | 'tier';

export const reasonQuery = (id: string, kind: ReasonKind, name: string, as_of?: string) =>
  queryOptions({
    queryKey: ['reason', id, kind, name, as_of ?? ''],
    queryFn: () => answer(api.GET('/api/v1/customers/{id}/explain', { params: { path: { id }, query: { kind, name, ...(as_of ? { as_of } : {}) } } })),
    staleTime: 30_000,
  });

export const segmentsQuery = (as_of?: string) =>
  queryOptions({ queryKey: ['segments', as_of ?? ''], queryFn: () => answer(api.GET('/api/v1/segments', asOf(as_of))), ...seldom });

export const segmentQuery = (name: string, as_of?: string) =>
  queryOptions({
    queryKey: ['segment', name, as_of ?? ''],
    queryFn: () => answer(api.GET('/api/v1/segments/{name}', { params: { path: { name }, query: as_of ? { as_of } : {} } })),
    ...seldom,
  });

export const tagsQuery = (as_of?: string) =>
  queryOptions({ queryKey: ['tags', as_of ?? ''], queryFn: () => answer(api.GET('/api/v1/tags', asOf(as_of))), ...seldom });

export const tagQuery = (name: string, as_of?: string) =>
  queryOptions({
    queryKey: ['tag', name, as_of ?? ''],
    queryFn: () => answer(api.GET('/api/v1/tags/{name}', { params: { path: { name }, query: as_of ? { as_of } : {} } })),
    ...seldom,
  });

export const tiersQuery = (as_of?: string) =>
  queryOptions({ queryKey: ['tiers', as_of ?? ''], queryFn: () => answer(api.GET('/api/v1/tiers', asOf(as_of))), ...seldom });

export const tierQuery = (name: string, as_of?: string) =>
  queryOptions({
    queryKey: ['tier', name, as_of ?? ''],
    queryFn: () =>
      answer(api.GET('/api/v1/tiers/{name}', { params: { path: { name }, query: as_of ? { as_of } : {} } })),
    placeholderData: keepPreviousData,
    ...seldom,
  });

export const importsQuery = () =>
  queryOptions({ queryKey: ['imports'], queryFn: () => answer(api.GET('/api/v1/imports')), staleTime: 10_000 });

export const refusedQuery = (id: number) =>
  infiniteQueryOptions({
    queryKey: ['refused', id],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/imports/{id}/refused', {
          params: { path: { id }, query: pageParam ? { cursor: pageParam } : {} },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: 10_000,
  });

export const auditQuery = () =>
  infiniteQueryOptions({
    queryKey: ['audit'],
    queryFn: ({ pageParam }) => answer(api.GET('/api/v1/audit', { params: { query: pageParam ? { cursor: pageParam } : {} } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: 0,
  });

/** exportURL is where the same list is given as a file. */
export function exportURL(filter: CustomerFilter): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined && value !== '' && name !== 'cursor' && name !== 'limit') query.set(name, String(value));
  }
  return `/api/v1/export?${query}`;
}
