import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import type { TierDetail } from '@/api/types';
import { migrationQuery, type Cuts } from '@/api/tiers';
import { addDays } from '@/format';
import { DateField } from '@/parts/DateField';
import { LevelChip, levelStyle, useLevelName } from '@/parts/Level';
import { Scroll } from '@/parts/List';
import { Card } from '@/parts/Page';
import { Bones, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { Flows } from './Flows';
import './tiers.css';

/** MovesMatrix is who was at which level at one date and is at which at another. Levels are best first, so what lies right of the diagonal fell. */
export function MovesMatrix({ tier, today, asOf }: { tier: TierDetail; today: string; asOf?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const nameOf = useLevelName();
  const navigate = useNavigate();
  const search = useSearch({ from: '/app/tiers/$name' });
  const from = search.from ?? addDays(search.to ?? today, -30);
  const to = search.to ?? today;
  // Without an end the matrix is until now, as the lists behind it are.
  const end = search.to ?? asOf;
  const cuts: Cuts = search.cuts === 'own' ? 'own' : 'frozen';
  const query = useQuery(migrationQuery(tier.name, cuts, from, end));
  const set = (change: { from?: string; to?: string; cuts?: string }) =>
    void navigate({ to: '/tiers/$name', params: { name: tier.name }, search: (prev) => ({ ...prev, ...change }), replace: true, resetScroll: false });
  const level = (id: string) => {
    const i = tier.levels.findIndex((l) => l.id === id);
    return { id, name: tier.levels[i]?.name ?? { zh: '', en: '' }, position: i < 0 ? undefined : i, of: tier.levels.length };
  };
  return (
    <>
    <Card
      title={t('moves.title')}
      note={t('moves.note')}
      flush
      end={
        <span className="fields">
          {tier.calibration ? (
            <Select
              aria-label={t('moves.cuts')}
              value={cuts}
              options={(['frozen', 'own'] as const).map((c) => ({ value: c, label: t(`moves.cuts.${c}`) }))}
              popupMatchSelectWidth={false}
              onChange={(c: Cuts) => set({ cuts: c === 'own' ? c : undefined })}
            />
          ) : null}
          <DateField label={t('moves.from')} value={from} max={addDays(to, -1)} onChange={(day) => set({ from: day })} />
          <DateField label={t('moves.to')} value={to} min={addDays(from, 1)} max={today} onChange={(day) => set({ to: day === today && !asOf ? undefined : day })} />
        </span>
      }
    >
      <Loaded
        query={query}
        bones={
          <div style={{ padding: '0 20px' }}>
            <Bones rows={7} height={26} />
          </div>
        }
      >
        {(m) => {
          const most = Math.max(1, ...m.matrix.flatMap((row, i) => row.filter((_, j) => i !== j)));
          const figures = [
            ['moves.up', m.up, 'good'],
            ['moves.down', m.down, 'bad'],
            ['moves.stayed', m.stayed, ''],
            ['moves.entered', m.entered, ''],
            ['moves.left', m.left, ''],
          ] as const;
          return (
            <div style={query.isPlaceholderData ? { opacity: 0.55 } : undefined}>
              <dl className="facts strip">
                {figures.map(([key, n, tone]) => (
                  <div key={key}>
                    <dt>{t(key)}</dt>
                    <dd className={`num ${tone}`}>
                      {f.count(n)} <small>{f.share(m.people ? n / m.people : 0)}</small>
                    </dd>
                  </div>
                ))}
                <div>
                  <dt>{t('moves.rise')}</dt>
                  <dd className="num" title={t('moves.interval', { low: f.share(m.rise.low), high: f.share(m.rise.high) })}>
                    {f.share(m.rise.share)} <small>{m.rise.few ? t('moves.few') : t('moves.interval', { low: f.share(m.rise.low), high: f.share(m.rise.high) })}</small>
                  </dd>
                </div>
              </dl>
              {tier.calibration ? (
                <p className="moves-why muted">
                  {m.same_cuts
                    ? t('moves.same_cuts')
                    : t('moves.why', {
                        n: f.count(m.explained.cuts_moved),
                        up: f.count(m.explained.cuts_moved_up),
                        down: f.count(m.explained.cuts_moved_down),
                        frozen: f.count(m.explained.behaviour.up + m.explained.behaviour.down),
                        own: f.count(m.explained.own.up + m.explained.own.down),
                      })}
                </p>
              ) : null}
              <Scroll label={t('moves.title')}>
                <table className="matrix" style={{ minWidth: 128 + 84 * m.levels.length }}>
                  <caption className="sr">{t('moves.label', { from: f.date(m.from), to: f.date(m.to) })}</caption>
                  <thead>
                    <tr>
                      <td className="corner">
                        {t('moves.corner')}
                      </td>
                      {m.levels.map(({ id }) => (
                        <th key={id} scope="col">
                          <span className="column-level" style={levelStyle(id, level(id).position, level(id).of)}>
                            {nameOf(id, level(id).name)}
                          </span>
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {m.matrix.map((row, i) => {
                      const was = m.levels[i]?.id ?? '-';
                      const few = m.flows.some((x) => x.from === was && x.few) && was !== '-' && row.some((n) => n > 0);
                      return (
                        <tr key={was}>
                          <th scope="row">
                            <LevelChip {...level(was)} small />
                            {few ? (
                              <abbr title={t('moves.few')} className="muted">
                                {' '}
                                *
                              </abbr>
                            ) : null}
                          </th>
                          {row.map((n, j) => {
                            const is = m.levels[j]?.id ?? '-';
                            const flow = m.flows.find((x) => x.from === was && x.to === is);
                            const share = flow && was !== '-' && n > 0 ? (
                              <span className="cell-share" title={t('moves.interval', { low: f.share(flow.low), high: f.share(flow.high) })}>
                                {f.share(flow.share)}
                              </span>
                            ) : null;
                            if (i === j) {
                              return (
                                <td key={is} className="same num">
                                  {was === '-' ? '' : f.count(n)}
                                  {share}
                                </td>
                              );
                            }
                            const tone = was === '-' || is === '-' ? 'edge' : j > i ? 'fell' : 'rose';
                            return (
                              <td key={is} className={n > 0 ? tone : 'zero'} style={{ '--weight': n > 0 ? 0.12 + 0.5 * Math.sqrt(n / most) : 0 } as React.CSSProperties}>
                                {n > 0 ? (
                                  <Link
                                    className="num"
                                    to="/customers"
                                    search={{ tier: tier.name, moved_from: was, moved_to: is, since: from, cuts, ...(end ? { as_of: end } : {}) }}
                                    aria-label={t('moves.cell', { n: f.count(n), from: nameOf(was, level(was).name), to: nameOf(is, level(is).name) })}
                                  >
                                    {f.count(n)}
                                  </Link>
                                ) : (
                                  <span aria-hidden="true">·</span>
                                )}
                                {share}
                              </td>
                            );
                          })}
                        </tr>
                      );
                    })}
                  </tbody>
                </table>
              </Scroll>
              {m.flows.some((x) => x.few && x.from !== '-' && x.count > 0) ? <p className="moves-why muted small">* {t('moves.few')}</p> : null}
            </div>
          );
        }}
      </Loaded>
    </Card>
    {query.data && query.data.people > 0 ? <Flows migration={query.data} /> : null}
    </>
  );
}
