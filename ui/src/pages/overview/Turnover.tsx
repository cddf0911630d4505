import type { EChartsOption } from 'echarts';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '@/api/types';
import { Chart, ink, tooltip } from '@/charts/Chart';
import { useFigure } from '@/parts/Figures';
import { useFormat } from '@/parts/context';

/** Turnover draws the days of the period after those of the period before. */
export function Turnover({ data, className }: { data: Overview; className: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const show = useFigure();
  const days = data.daily;

  const option = useMemo<EChartsOption>(() => {
    const values = (now: boolean) => days.map((d) => (d.date >= data.from === now ? Number(d.turnover) : null));
    const bar = { type: 'bar' as const, stack: 'day', barCategoryGap: '28%' };
    return {
      grid: { left: 4, right: 8, top: 34, bottom: 0, containLabel: true },
      legend: { top: 0, left: 0, itemWidth: 10, itemHeight: 10, itemGap: 18, textStyle: { color: ink.text, fontSize: 13 } },
      tooltip: {
        ...tooltip,
        axisPointer: { type: 'shadow', shadowStyle: { color: 'rgba(13,95,102,.07)' } },
        formatter: (items) => {
          const d = days[(Array.isArray(items) ? items[0] : items)?.dataIndex ?? 0];
          return d ? `<b>${f.dateShort(d.date)} ${f.weekday(d.date)}</b><br/>${f.money(d.turnover)} · ${t('overview.n_orders', { count: d.orders, n: f.count(d.orders) })}` : '';
        },
      },
      xAxis: {
        type: 'category',
        data: days.map((d) => f.tick(d.date)),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: ink.line } },
        axisLabel: { color: ink.text, hideOverlap: true },
      },
      yAxis: {
        type: 'value',
        splitNumber: 4,
        axisLabel: { color: ink.text, formatter: (v: number) => f.moneyTick(v) },
        splitLine: { lineStyle: { color: ink.line } },
      },
      series: [
        { ...bar, name: t('overview.before_period'), data: values(false), itemStyle: { color: ink.before, borderRadius: [2, 2, 0, 0] } },
        { ...bar, name: t('overview.this_period'), data: values(true), itemStyle: { color: ink.brand, borderRadius: [2, 2, 0, 0] } },
      ],
    };
  }, [days, data.from, f, t]);

  return (
    <Chart
      className={className}
      title={t('overview.daily')}
      note={t('overview.daily_note', { n: show.big(data.turnover) })}
      label={t('overview.daily_label', { from: f.date(data.from), to: f.date(data.to), n: show.value(data.turnover), change: show.change(data.turnover) })}
      option={option}
      height={332}
      table={{
        columns: [{ title: t('overview.day') }, { title: t('overview.turnover'), right: true }, { title: t('overview.orders'), right: true }],
        rows: [...days].reverse().map((d) => [`${f.date(d.date)} ${f.weekday(d.date)}`, f.money(d.turnover), f.count(d.orders)]),
      }}
    />
  );
}
