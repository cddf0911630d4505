import type { EChartsOption } from 'echarts';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '@/api/types';
import { Chart, ink, tooltip } from '@/charts/Chart';
import { useFigure } from '@/parts/Figures';
import { useFormat } from '@/parts/context';

/** Turnover draws the days of the period over the same days of the period before. */
export function Turnover({ data, className }: { data: Overview; className: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const show = useFigure();
  const start = data.daily.findIndex((d) => d.date >= data.from);
  const split = start < 0 ? 0 : start;
  const { now, before } = useMemo(
    () => ({ now: data.daily.slice(split), before: data.daily.slice(Math.max(0, 2 * split - data.daily.length), split) }),
    [data.daily, split],
  );

  const option = useMemo<EChartsOption>(() => {
    const value = (d?: { turnover: string }) => (d ? Number(d.turnover) : null);
    return {
      grid: { left: 4, right: 8, top: 34, bottom: 0, containLabel: true },
      legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 8, itemGap: 18, textStyle: { color: ink.text, fontSize: 13 } },
      tooltip: {
        ...tooltip,
        axisPointer: { type: 'shadow', shadowStyle: { color: 'rgba(13,95,102,.06)' } },
        formatter: (items) => {
          const at = (Array.isArray(items) ? items[0] : items)?.dataIndex ?? 0;
          const a = now[at];
          const b = before[at];
          return [
            a ? `<b>${f.dateShort(a.date)} ${f.weekday(a.date)}</b><br/>${f.money(a.turnover)} · ${t('overview.n_orders', { count: a.orders, n: f.count(a.orders) })}` : '',
            b ? `<span style="opacity:.75">${f.dateShort(b.date)} ${f.weekday(b.date)}<br/>${f.money(b.turnover)} · ${t('overview.n_orders', { count: b.orders, n: f.count(b.orders) })}</span>` : '',
          ].join('<br/>');
        },
      },
      xAxis: {
        type: 'category',
        data: now.map((d) => f.tick(d.date)),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: ink.line } },
        axisLabel: { color: ink.text, hideOverlap: true },
      },
      yAxis: {
        type: 'value',
        splitNumber: 4,
        axisLabel: { color: ink.text, formatter: (v: number) => f.moneyCompact(v) },
        splitLine: { lineStyle: { color: ink.line } },
      },
      series: [
        { name: t('overview.this_period'), type: 'bar', data: now.map(value), barMaxWidth: 18, itemStyle: { color: ink.brand, borderRadius: [3, 3, 0, 0] } },
        { name: t('overview.before_period'), type: 'line', data: now.map((_, i) => value(before[i])), symbol: 'none', smooth: 0.2, lineStyle: { color: ink.gold, width: 2 }, itemStyle: { color: ink.gold } },
      ],
    };
  }, [now, before, f, t]);

  return (
    <Chart
      className={className}
      title={t('overview.daily')}
      note={show.big(data.turnover)}
      label={t('overview.daily_label', { from: f.date(data.from), to: f.date(data.to), n: show.value(data.turnover), change: show.change(data.turnover) })}
      option={option}
      height={316}
      table={{
        columns: [
          { title: t('overview.day') },
          { title: t('overview.turnover'), right: true },
          { title: t('overview.orders'), right: true },
          { title: t('overview.day_before') },
          { title: t('overview.turnover'), right: true },
          { title: t('overview.orders'), right: true },
        ],
        rows: now.map((d, i) => [
          `${f.dateShort(d.date)} ${f.weekday(d.date)}`,
          f.money(d.turnover),
          f.count(d.orders),
          before[i] ? `${f.dateShort(before[i].date)} ${f.weekday(before[i].date)}` : '',
          before[i] ? f.money(before[i].turnover) : '',
          before[i] ? f.count(before[i].orders) : '',
        ]),
      }}
    />
  );
}
