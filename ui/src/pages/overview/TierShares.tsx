import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Overview } from '@/api/types';
import { Chart } from '@/charts/Chart';
import { useText } from '@/i18n';
import { levelStyle, useLevelName } from '@/parts/Level';
import { byDetail, Stacked } from '@/parts/Stacked';
import { Empty } from '@/parts/State';
import { useFormat } from '@/parts/context';

export function TierShares({ data, asOf, className }: { data: Overview; asOf?: string; className: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const nameOf = useLevelName();
  return (
    <Chart
      className={className}
      title={t('overview.tiers')}
      label={t('overview.tiers')}
      height={380}
      table={{
        columns: [{ title: t('tier.tier') }, { title: t('tier.level') }, { title: t('tier.people'), right: true }, { title: t('tier.share'), right: true }],
        rows: byDetail(data.tiers).flatMap((tier) => tier.levels.map((l) => [text(tier.title), nameOf(l.id, l.name), f.count(l.count), f.share(l.share)])),
      }}
    >
      {data.tiers.length === 0 ? (
        <Empty title={t('tier.none')} icon="tiers" />
      ) : (
        <ul className="shares tier-grid">
          {byDetail(data.tiers).map((tier) => (
            <li key={tier.name}>
              <h3>
                <Link to="/tiers/$name" params={{ name: tier.name }}>
                  {text(tier.title)}
                </Link>
              </h3>
              <Stacked tier={tier} asOf={asOf} />
              <ul className="legend">
                {tier.levels.map((l, i) => (
                  <li key={l.id} style={levelStyle(l.id, i, tier.levels.length)}>
                    <Link to="/customers" search={{ tier: tier.name, level: l.id, ...(asOf ? { as_of: asOf } : {}) }}>
                      <span>{nameOf(l.id, l.name)}</span>
                      <b className="num">{f.count(l.count)}</b>
                      <small className="num">{f.share(l.share)}</small>
                    </Link>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </Chart>
  );
}
