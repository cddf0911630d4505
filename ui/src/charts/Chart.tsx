import type { EChartsOption } from 'echarts';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '@/parts/Icon';
import { Scroll } from '@/parts/List';
import { Card } from '@/parts/Page';

const Plot = lazy(() => import('./Plot'));

export interface ChartTable {
  columns: { title: string; right?: boolean }[];
  rows: ReactNode[][];
}

export const ink = { text: '#5d6a78', line: '#e7ebef', brand: '#0d5f66', before: '#a9b6c1', gold: '#d9a640' };

/** tooltip is the same box over every chart. */
export const tooltip = {
  trigger: 'axis' as const,
  backgroundColor: '#17222c',
  borderWidth: 0,
  padding: [8, 12],
  textStyle: { color: '#fff', fontSize: 13 },
  axisPointer: { type: 'line' as const, lineStyle: { color: '#a9b6c1' } },
};

interface ChartProps {
  title: ReactNode;
  note?: ReactNode;
  end?: ReactNode;
  label: string; // read out for the picture and the table
  option?: EChartsOption;
  height?: number;
  table: ChartTable;
  className?: string;
  children?: ReactNode; // a drawing of its own in place of option
}

/** Chart is a card with a drawing that can be read as a table. */
export function Chart({ title, note, end, label, option, height = 260, table, className, children }: ChartProps) {
  const { t } = useTranslation();
  const [asTable, setAsTable] = useState(false);
  return (
    <Card
      title={title}
      note={note}
      className={className}
      flush={asTable}
      end={
        <>
          {end}
          <button type="button" className="icon-button" aria-pressed={asTable} aria-label={t('chart.as_table')} title={t('chart.as_table')} onClick={() => setAsTable(!asTable)}>
            <Icon name={asTable ? 'chart' : 'table'} />
          </button>
        </>
      }
    >
      {asTable ? (
        <div style={{ maxHeight: Math.max(height, 320), overflow: 'auto' }}>
          <PlainTable label={label} table={table} />
        </div>
      ) : option ? (
        <Suspense fallback={<span className="bone" style={{ height }} />}>
          <Plot option={option} height={height} label={label} />
        </Suspense>
      ) : (
        children
      )}
    </Card>
  );
}

export function PlainTable({ label, table }: { label: string; table: ChartTable }) {
  return (
    <Scroll label={label}>
      <table className="table">
        <caption className="sr">{label}</caption>
        <thead>
          <tr>
            {table.columns.map((c, i) => (
              <th key={i} scope="col" className={c.right ? 'r' : undefined}>
                {c.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j} className={table.columns[j]?.right ? 'r' : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
