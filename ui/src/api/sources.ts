// What is asked about the sources that send over HTTP, and about the quarantine.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import type { components } from './schema';

export type Source = components['schemas']['SourceInfo'];
export type NewSource = components['schemas']['NewSource'];
export type Held = components['schemas']['HeldInfo'];
export type Proposal = components['schemas']['ProposalInfo'];
export type Chosen = components['schemas']['ChosenCalls'];

export const sourcesQuery = () => queryOptions({ queryKey: ['sources'], queryFn: () => answer(api.GET('/api/v1/sources')), staleTime: 5_000, refetchInterval: 10_000 });

export const proposalsQuery = () => queryOptions({ queryKey: ['proposals'], queryFn: () => answer(api.GET('/api/v1/quarantine/proposals')), staleTime: 5_000 });

export const heldQuery = (source?: string) =>
  infiniteQueryOptions({
    queryKey: ['quarantine', source ?? ''],
    queryFn: ({ pageParam }) => answer(api.GET('/api/v1/quarantine', { params: { query: { ...(source ? { source } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: 5_000,
  });

export const addSource = (body: NewSource) => answer(api.POST('/api/v1/sources', { body }));
export const rotateKey = (name: string, overlap_hours: number) => answer(api.POST('/api/v1/sources/{name}/rotate', { params: { path: { name } }, body: { overlap_hours } }));
export const revokeKeys = (name: string) => answer(api.POST('/api/v1/sources/{name}/revoke', { params: { path: { name } } }));
export const replay = (body: Chosen) => answer(api.POST('/api/v1/quarantine/replay', { body }));
export const discard = (body: Chosen) => answer(api.POST('/api/v1/quarantine/discard', { body }));
export const accept = (name: string, type?: string) => answer(api.POST('/api/v1/quarantine/proposals', { body: { name, ...(type ? { type } : {}) } }));
