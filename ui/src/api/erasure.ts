// Erasing a customer for good.
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';

export const erasureQuery = (id: string) =>
  queryOptions({
    queryKey: ['erasure', id],
    queryFn: () => answer(api.GET('/api/v1/customers/{id}/erasure', { params: { path: { id } } })),
    staleTime: 0,
  });

export const erase = (id: string, confirm: string, reason: string) =>
  answer(api.POST('/api/v1/customers/{id}/erasure', { params: { path: { id } }, body: { confirm, reason } }));
