// What is asked about the cut points that come from everyone.
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import type { components } from './schema';

export type Recalibration = components['schemas']['RecalibrationInfo'];
export type Every = components['schemas']['CalibrationDetail']['every'];
export type CutKind = 'tag' | 'tier';

const of = (kind: CutKind, name: string) => ({ path: { kind, name } });

export const calibrationQuery = (kind: CutKind, name: string) =>
  queryOptions({
    queryKey: ['calibration', kind, name],
    queryFn: () => answer(api.GET('/api/v1/definitions/{kind}/{name}/calibration', { params: of(kind, name) })),
    staleTime: 30_000,
  });

export const previewCalibration = (kind: CutKind, name: string, signal: AbortSignal) =>
  answer(api.GET('/api/v1/definitions/{kind}/{name}/calibration/preview', { params: of(kind, name), signal }));

export const calibrate = (kind: CutKind, name: string, as_of: string) =>
  answer(api.POST('/api/v1/definitions/{kind}/{name}/calibration', { params: of(kind, name), body: { as_of } }));

export const setSchedule = (kind: CutKind, name: string, every: Every) =>
  answer(api.PUT('/api/v1/definitions/{kind}/{name}/calibration/schedule', { params: of(kind, name), body: { every } }));
