// What the pages of definitions ask, and the names of the answers.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import type { components } from './schema';

type S = components['schemas'];

export type DefinitionDetail = S['DefinitionDetail'];
export type DefinitionKind = DefinitionDetail['kind'];
export type Sample = S['Sample'];
export type DraftCheck = S['DraftCheck'];
export type DraftProblem = S['DraftProblem'];
export type DraftDefinition = S['DraftDefinition'];
export type Estimate = S['Estimate'];
export type PlanInfo = S['PlanInfo'];
export type PlanItem = S['PlanItem'];
export type CustomerBrief = S['CustomerBrief'];

const at = (as_of?: string) => (as_of ? { as_of } : {});

export const definitionQuery = (kind: DefinitionKind, name: string, as_of?: string) =>
  queryOptions({
    queryKey: ['definition', kind, name, as_of ?? ''],
    queryFn: () => answer(api.GET('/api/v1/definitions/{kind}/{name}', { params: { path: { kind, name }, query: at(as_of) } })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

export const samplesQuery = (kind: DefinitionKind, name: string, as_of?: string) =>
  queryOptions({
    queryKey: ['samples', kind, name, as_of ?? ''],
    queryFn: () => answer(api.GET('/api/v1/definitions/{kind}/{name}/samples', { params: { path: { kind, name }, query: at(as_of) } })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

/** checkQuery is what is wrong with a text, or what it says. */
export const checkQuery = (yaml: string, as_of?: string) =>
  queryOptions({
    queryKey: ['check', yaml, as_of ?? ''],
    queryFn: () => answer(api.POST('/api/v1/definitions/check', { body: { yaml, ...at(as_of) } })),
    gcTime: 60_000,
    staleTime: 60_000,
  });

/** estimateDraft is about how many a text would hold; it ends with the signal, on the server too. */
export const estimateDraft = (yaml: string, as_of: string | undefined, signal: AbortSignal) =>
  answer(api.POST('/api/v1/definitions/estimate', { body: { yaml, ...at(as_of) }, signal }));

/** previewDraft is what publishing a text would change; it ends with the signal, on the server too. */
export const previewDraft = (yaml: string, as_of: string | undefined, signal: AbortSignal) =>
  answer(api.POST('/api/v1/definitions/preview', { body: { yaml, ...at(as_of) }, signal }));

export const applyPlan = (plan: string) => answer(api.POST('/api/v1/definitions/apply', { body: { plan } }));
