import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { tiersQuery } from '@/api/queries';

/** useTierOrder puts what belongs to tiers in one order everywhere: first the wanted tier, then those with the most levels. */
export function useTierOrder() {
  const { data } = useQuery(tiersQuery());
  return useCallback(
    <T extends { tier: string }>(of: T[], first?: string): T[] => {
      const rank = (x: T) => (x.tier === first ? Infinity : (data?.find((t) => t.name === x.tier)?.level_count ?? 0));
      return [...of].sort((a, b) => rank(b) - rank(a));
    },
    [data],
  );
}
