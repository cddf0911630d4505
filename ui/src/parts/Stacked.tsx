import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { TierShare } from '@/api/types';
import { levelStyle, useLevelName } from './Level';
import { useFormat } from './context';

/** Stacked shows how everyone is spread over a tier's levels; each part opens its list. */
export function Stacked({ tier, asOf, thin }: { tier: TierShare; asOf?: string; thin?: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const nameOf = useLevelName();
  return (
    <div className={thin ? 'stacked thin' : 'stacked'} role="group" aria-label={t('tier.shares')}>
      {tier.levels.map((l, i) =>
        l.count === 0 ? null : (
          <Link
            key={l.id}
            to="/customers"
            search={{ tier: tier.name, level: l.id, ...(asOf ? { as_of: asOf } : {}) }}
            style={{ ...levelStyle(l.id, i, tier.levels.length), flex: `${l.count} 1 0` }}
            aria-label={t('tier.level_share', { name: nameOf(l.id, l.name), n: f.count(l.count), share: f.share(l.share) })}
            title={`${nameOf(l.id, l.name)} · ${f.count(l.count)} · ${f.share(l.share)}`}
          />
        ),
      )}
    </div>
  );
}

/** byDetail puts the tiers with the most levels first. */
export const byDetail = (tiers: TierShare[]) => [...tiers].sort((a, b) => b.levels.length - a.levels.length);
