import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { TierDetail, TierGrid } from '@/api/types';
import { Chart } from '@/charts/Chart';
import { levelStyle, useLevelName } from '@/parts/Level';
import { useFormat } from '@/parts/context';

/** Grid is the R-F grid: the most recent on top, the most frequent at the right, each cell in the colour of its level. */
export function Grid({ tier, grid, asOf }: { tier: TierDetail; grid: TierGrid; asOf?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const nameOf = useLevelName();
  const level = (id: string) => {
    const i = tier.levels.findIndex((l) => l.id === id);
    return { position: i, of: tier.levels.length, name: nameOf(id, tier.levels[i]?.name) };
  };
  const rows = [...grid.rows].sort((a, b) => b - a);
  const columns = [...grid.columns].sort((a, b) => a - b);
  const at = (r: number, c: number) => grid.cells.find((x) => x.r === r && x.f === c);
  const people = Math.max(1, tier.customers);
  return (
    <Chart
      title={t('grid.title')}
      note={t('grid.note')}
      label={t('grid.title')}
      height={460}
      table={{
        columns: [
          { title: t('grid.r') },
          { title: t('grid.f') },
          { title: t('tier.level') },
          { title: t('tier.people'), right: true },
          { title: t('tier.share'), right: true },
          { title: t('tier.sales'), right: true },
        ],
        rows: rows.flatMap((r) =>
          columns.map((c) => {
            const cell = at(r, c);
            return [r, c, cell ? level(cell.level).name : '–', f.count(cell?.count ?? 0), f.share((cell?.count ?? 0) / people), f.money(cell?.sales ?? '0')];
          }),
        ),
      }}
    >
      <div className="grid-wrap">
        <div className="grid-side" aria-hidden="true">
          <span>{t('grid.recent')}</span>
          <b>{t('grid.r')}</b>
          <span>{t('grid.long_ago')}</span>
        </div>
        <div className="rf" role="group" aria-label={t('grid.title')} style={{ gridTemplateColumns: `20px repeat(${columns.length}, minmax(0, 1fr))` }}>
          {rows.map((r) => (
            <div key={r} style={{ display: 'contents' }}>
              <span className="rf-axis num">{r}</span>
              {columns.map((c) => {
                const cell = at(r, c);
                if (!cell) return <span key={c} className="rf-cell" />;
                const { position, of, name } = level(cell.level);
                return (
                  <Link
                    key={c}
                    className="rf-cell"
                    to="/customers"
                    search={{ tier: tier.name, level: cell.level, ...(asOf ? { as_of: asOf } : {}) }}
                    style={levelStyle(cell.level, position, of)}
                    title={`${name} · ${f.moneyCompact(cell.sales)}`}
                  >
                    <span className="sr">{t('grid.cell', { r, f: c })}</span>
                    <span className="rf-name">{name}</span>
                    <b className="num">{f.count(cell.count)}</b>
                    <small className="num">{f.share(cell.count / people)}</small>
                    <i aria-hidden="true" style={{ opacity: 0.25 + 0.75 * Math.sqrt(cell.count / Math.max(1, ...grid.cells.map((x) => x.count))) }} />
                  </Link>
                );
              })}
            </div>
          ))}
          <span />
          {columns.map((c) => (
            <span key={c} className="rf-axis num">
              {c}
            </span>
          ))}
        </div>
        <div className="grid-foot" aria-hidden="true">
          <span>{t('grid.seldom')}</span>
          <b>{t('grid.f')}</b>
          <span>{t('grid.often')}</span>
        </div>
        <ul className="grid-legend legend">
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
      </div>
    </Chart>
  );
}
