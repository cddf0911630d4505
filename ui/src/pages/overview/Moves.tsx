import { Link } from '@tanstack/react-router';
import { Trans, useTranslation } from 'react-i18next';
import type { LevelMove, Overview } from '@/api/types';
import { Chart } from '@/charts/Chart';
import { useText } from '@/i18n';
import { LevelChip, useLevelName } from '@/parts/Level';
import { Empty } from '@/parts/State';
import { useFormat } from '@/parts/context';

/** Moves lists the largest moves between levels; each opens the people who moved. */
export function Moves({ data, asOf, className }: { data: Overview; asOf?: string; className: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const nameOf = useLevelName();
  return (
    <Chart
      className={className}
      title={t('overview.moves')}
      note={t('overview.moves_note')}
      label={t('overview.moves')}
      height={380}
      table={{
        columns: [{ title: t('tier.tier') }, { title: t('tier.from') }, { title: t('tier.to') }, { title: t('tier.people'), right: true }],
        rows: data.moves.map((m) => [text(m.tier_title), nameOf(m.from, m.from_name), nameOf(m.to, m.to_name), f.count(m.count)]),
      }}
    >
      {data.moves.length === 0 ? (
        <Empty title={t('overview.no_moves')} icon="tiers" />
      ) : (
        <ul className="moves two">
          {data.moves.map((m) => (
            <li key={`${m.tier}/${m.from}/${m.to}`}>
              <Link to="/customers" search={{ tier: m.tier, moved_from: m.from, moved_to: m.to, since: m.since, ...(asOf ? { as_of: asOf } : {}) }}>
                <i className={`way ${m.direction}`} title={t(`direction.${m.direction}`)} />
                <span className="sr">{t(`direction.${m.direction}`)}</span>
                <span className="move">
                  <MoveWords move={m} />
                </span>
                <small>{text(m.tier_title)}</small>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Chart>
  );
}

function MoveWords({ move: m }: { move: LevelMove }) {
  const f = useFormat();
  const parts = {
    b: <strong className="num" />,
    from: <LevelChip id={m.from} name={m.from_name} small />,
    to: <LevelChip id={m.to} name={m.to_name} small />,
  };
  const values = { n: f.count(m.count) };
  if (m.direction === 'entered') return <Trans i18nKey="move.entered" count={m.count} values={values} components={parts} />;
  if (m.direction === 'left') return <Trans i18nKey="move.left" count={m.count} values={values} components={parts} />;
  return <Trans i18nKey="move.moved" count={m.count} values={values} components={parts} />;
}
