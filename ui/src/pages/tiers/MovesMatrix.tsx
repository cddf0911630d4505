import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { TierDetail } from '@/api/types';
import { movesQuery } from '@/api/queries';
import { addDays } from '@/format';
import { DateField } from '@/parts/DateField';
import { LevelChip, levelStyle, useLevelName } from '@/parts/Level';
import { Scroll } from '@/parts/List';
import { Card } from '@/parts/Page';
import { Bones, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';

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
  const query = useQuery(movesQuery(tier.name, from, end));
  const set = (change: { from?: string; to?: string }) =>
    void navigate({ to: '/tiers/$name', params: { name: tier.name }, search: (prev) => ({ ...prev, ...change }), replace: true, resetScroll: false });
  const level = (id: string) => {
    const i = tier.levels.findIndex((l) => l.id === id);
    return { id, name: tier.levels[i]?.name ?? { zh: '', en: '' }, position: i < 0 ? undefined : i, of: tier.levels.length };
  };
  return (
    <Card
      title={t('moves.title')}
      note={t('moves.note')}
      flush
      end={
        <span className="fields">
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
              </dl>
              <Scroll label={t('moves.title')}>
                <table className="matrix" style={{ minWidth: 128 + 84 * m.levels.length }}>
                  <caption className="sr">{t('moves.label', { from: f.date(m.from), to: f.date(m.to) })}</caption>
                  <thead>
                    <tr>
                      <td className="corner">
                        {t('moves.corner')}
                      </td>
                      {m.levels.map((id) => (
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
                      const was = m.levels[i] ?? '-';
                      return (
                        <tr key={was}>
                          <th scope="row">
                            <LevelChip {...level(was)} small />
                          </th>
                          {row.map((n, j) => {
                            const is = m.levels[j] ?? '-';
                            if (i === j) {
                              return (
                                <td key={is} className="same num">
                                  {was === '-' ? '' : f.count(n)}
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
                                    search={{ tier: tier.name, moved_from: was, moved_to: is, since: from, ...(end ? { as_of: end } : {}) }}
                                    aria-label={t('moves.cell', { n: f.count(n), from: nameOf(was, level(was).name), to: nameOf(is, level(is).name) })}
                                  >
                                    {f.count(n)}
                                  </Link>
                                ) : (
                                  <span aria-hidden="true">·</span>
                                )}
                              </td>
                            );
                          })}
                        </tr>
                      );
                    })}
                  </tbody>
                </table>
              </Scroll>
            </div>
          );
        }}
      </Loaded>
    </Card>
  );
}
