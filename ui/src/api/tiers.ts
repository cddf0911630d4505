// What is asked about how a tier moves, is watched and is looked after.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import type { components } from './schema';

type S = components['schemas'];

export type TierMigration = S['TierMigration'];
export type MigrationFlow = S['MigrationFlow'];
export type Cuts = TierMigration['cuts'];
export type WarningInfo = S['WarningInfo'];
export type WarningPart = S['WarningPart'];
export type TierCare = S['TierCare'];

const seldom = { staleTime: 5 * 60_000 } as const;

export const migrationQuery = (name: string, cuts: Cuts, from: string, to?: string) =>
  queryOptions({
    queryKey: ['migration', name, cuts, from, to ?? ''],
    queryFn: () => answer(api.GET('/api/v1/tiers/{name}/migration', { params: { path: { name }, query: { from, cuts, ...(to ? { to } : {}) } } })),
    placeholderData: keepPreviousData,
    ...seldom,
  });

export const warningsQuery = (name: string, as_of?: string) =>
  queryOptions({
    queryKey: ['warnings', name, as_of ?? ''],
    queryFn: () => answer(api.GET('/api/v1/tiers/{name}/warnings', { params: { path: { name }, query: as_of ? { as_of } : {} } })),
    ...seldom,
  });

export const careQuery = (name: string) =>
  queryOptions({
    queryKey: ['care', name],
    queryFn: () => answer(api.GET('/api/v1/tiers/{name}/care', { params: { path: { name } } })),
    ...seldom,
  });

export const remindersQuery = queryOptions({
  queryKey: ['reminders'],
  queryFn: () => answer(api.GET('/api/v1/reminders')),
  ...seldom,
});

export const reviewTier = (name: string, note: string) => answer(api.POST('/api/v1/tiers/{name}/reviews', { params: { path: { name } }, body: { note } }));
