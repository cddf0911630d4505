import createClient, { type Middleware } from 'openapi-fetch';
import type { paths } from './schema';

/** A refused request, from RFC 9457. */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string;
  constructor(status: number, message: string, hint = '') {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.hint = hint;
  }
}

interface Problem {
  title?: string;
  detail?: string;
  errors?: { message?: string; location?: string }[] | null;
}

let csrf = '';

/** setCsrf keeps the token that the session gave; it goes with every request that changes something. */
export function setCsrf(token: string | undefined) {
  csrf = token ?? '';
}

const withCsrf: Middleware = {
  onRequest({ request }) {
    if (csrf && request.method !== 'GET') request.headers.set('X-CSRF-Token', csrf);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin' });
api.use(withCsrf);

/** answer gives the data of a request, or throws ApiError. */
export async function answer<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let got;
  try {
    got = await request;
  } catch {
    throw new ApiError(0, '');
  }
  if (got.response.ok) return got.data as T;
  const problem = (got.error ?? {}) as Problem;
  throw new ApiError(
    got.response.status,
    problem.detail ?? problem.title ?? got.response.statusText,
    (problem.errors ?? []).map((e) => [e.location, e.message].filter(Boolean).join(': ')).join('; '),
  );
}
