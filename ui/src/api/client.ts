import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

type Problem = components['schemas']['Problem'];

/** A request that was refused (RFC 9457), or had no answer (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: Problem['code'] | 'unreachable';
  readonly hint: string;
  constructor(status: number, problem?: Partial<Problem>) {
    super(problem?.detail ?? problem?.title ?? '');
    this.name = 'ApiError';
    this.status = status;
    this.code = problem?.code ?? (status === 0 || status >= 502 ? 'unreachable' : 'internal');
    this.hint = problem?.hint ?? (problem?.problems ?? []).map((p) => [p.field, p.detail].filter(Boolean).join(': ')).join('; ');
  }
}

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin' });

/** answer gives the data of a request, or throws ApiError. */
export async function answer<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let got;
  try {
    got = await request;
  } catch {
    throw new ApiError(0);
  }
  if (got.response.ok) return got.data as T;
  throw new ApiError(got.response.status, typeof got.error === 'object' ? (got.error as Partial<Problem>) : undefined);
}
